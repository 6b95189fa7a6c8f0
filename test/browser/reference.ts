import { check } from "../../scripts/lib/checks.ts";
import { expectAccessible, shown, visit, type World } from "./world.ts";

/** The API's reference page at `/docs`. */
export async function checkReference(world: World): Promise<void> {
  for (const colours of ["light", "dark"] as const) {
    await check(
      `axe finds nothing on the API's reference page, whatever is open, in ${colours} colours`,
      async () => {
        const { context, page } = await visit(world, { colours });
        await page.goto("/docs/");
        const operations = page.locator(".opblock-summary-control");
        await shown(operations);
        await expectAccessible(page);
        // One of each method, with a body and without.
        for (const id of ["listCaptures", "createCapture", "changeCapture", "deleteCapture", "signIn"]) {
          const operation = page.locator(`[id$="-${id}"]`);
          await operation.locator(".opblock-summary-control").click();
          await shown(operation.locator(".responses-table"));
        }
        await expectAccessible(page);
        await page.getByRole("button", { name: "Try it out" }).first().click();
        await shown(page.getByRole("button", { name: "Execute" }));
        await page.getByRole("button", { name: "Schemas" }).click();
        await page.getByRole("button", { name: "Expand all" }).first().click();
        await expectAccessible(page);
        await page.getByRole("button", { name: "Authorize" }).click();
        await shown(page.getByRole("heading", { name: "Available authorizations" }));
        await expectAccessible(page);
        await context.close();
      },
    );
  }
}
