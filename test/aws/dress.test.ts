import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { getMetricData } from "../../src/aws/cloudwatch.ts";
import {
  describeInstance,
  describeInstances,
  describeParameters,
  modifyParameters,
} from "../../src/aws/rds.ts";
import { downloadLogPortion, listLogFiles } from "../../src/aws/rds-logs.ts";
import { assumeRole } from "../../src/aws/sts.ts";
import { answer, KEYS, TARGET } from "./canned-replies.ts";

/*
 * What the services' models call optional may be absent or empty, and a reply is the same in each form that XML and JSON have for
 * it.
 */

afterEach(() => {
  vi.restoreAllMocks();
});

const reply = (action: string, result: string) =>
  `<${action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><${action}Result>${result}</${action}Result></${action}Response>`;

describe("an instance", () => {
  const described = (groups: string) =>
    reply(
      "DescribeDBInstances",
      `<DBInstances><DBInstance><DBInstanceIdentifier>shop</DBInstanceIdentifier><DBInstanceArn>arn:aws:rds:us-east-1:1:db:shop</DBInstanceArn><Engine>mysql</Engine><EngineVersion>8.4.6</EngineVersion><DBInstanceStatus>available</DBInstanceStatus><DBClusterIdentifier/><DBParameterGroups>${groups}</DBParameterGroups></DBInstance></DBInstances>`,
    );
  const group = (name: string, status: string) =>
    `<DBParameterGroup><DBParameterGroupName>${name}</DBParameterGroupName><ParameterApplyStatus>${status}</ParameterApplyStatus></DBParameterGroup>`;
  const describeShop = () => describeInstance(TARGET, KEYS, "shop");

  it.each([
    ["an empty list", "<DBInstances/>"],
    ["a list with nothing in it", "<DBInstances>\n  </DBInstances>"],
    ["no list", ""],
  ])("is not there where RDS gives %s", async (_, result) => {
    answer(reply("DescribeDBInstances", result));
    expect(await describeShop()).toMatchObject({
      ok: false,
      failure: { kind: "not-found", code: "DBInstanceNotFound", operation: "rds:DescribeDBInstances" },
    });
    expect(await describeInstances(TARGET, KEYS)).toEqual({ ok: true, value: [] });
  });

  it.each([
    [[group("old", "in-sync"), group("new", "pending-reboot")], "old"],
    [[group("new", "pending-reboot"), group("old", "in-sync")], "old"],
    [[group("a", "pending-reboot"), group("b", "applying")], "b"],
    [[group("a", "pending-reboot"), group("b", "failed-to-apply")], "a"],
    [[group("a", "in-sync"), group("b", "in-sync")], "a"],
  ])("follows the parameter group of several that its servers have: %j", async (groups, name) => {
    answer(described(groups.join("")));
    expect(await describeShop()).toMatchObject({ ok: true, value: { parameterGroup: name, cluster: null } });
  });

  it.each(["", "<DBParameterGroup/>", group("", "in-sync")])(
    "without a parameter group can't be read: %j",
    async (groups) => {
      answer(described(groups));
      expect(await describeShop()).toMatchObject({ ok: false, failure: { code: "MalformedReply" } });
    },
  );
});

describe("a parameter", () => {
  const described = (source: string, value: string) =>
    reply(
      "DescribeDBParameters",
      `<Parameters><Parameter><ParameterName>log_output</ParameterName>${value}<Source>${source}</Source><ApplyType>dynamic</ApplyType><IsModifiable>true</IsModifiable></Parameter><Parameter/></Parameters><Marker/>`,
    );
  const read = async () => {
    const all = await describeParameters(TARGET, KEYS, "shop-params", ["log_output"]);
    return all.ok ? all.value.get("log_output") : all.failure;
  };

  it.each([
    ["", null],
    ["<ParameterValue/>", null],
    ["<ParameterValue></ParameterValue>", null],
    ["<ParameterValue>TABLE</ParameterValue>", "TABLE"],
  ])("that nobody has set has the value that RDS says, if any: %j", async (value, expected) => {
    answer(described("engine-default", value));
    expect(await read()).toEqual({ value: expected, isOwn: false, isChangeable: true });
  });

  it.each([
    ["", null],
    ["<ParameterValue/>", ""],
    ["<ParameterValue> a </ParameterValue>", " a "],
  ])("that somebody has set has that value to the letter: %j", async (value, expected) => {
    answer(described("user", value));
    expect(await read()).toEqual({ value: expected, isOwn: true, isChangeable: true });
  });

  it("is changed also if RDS confirms it with nothing", async () => {
    answer(
      "<ModifyDBParameterGroupResponse><ModifyDBParameterGroupResult/></ModifyDBParameterGroupResponse>",
    );
    expect(await modifyParameters(TARGET, KEYS, "shop-params", { general_log: "1" })).toMatchObject({
      ok: true,
    });
  });
});

describe("a log file", () => {
  const LIVE = "general/mysql-general.log";
  const list = async (...files: string[]) => {
    const details = files.map((file) => `<DescribeDBLogFilesDetails>${file}</DescribeDBLogFilesDetails>`);
    answer(reply("DescribeDBLogFiles", `<DescribeDBLogFiles>${details.join("")}</DescribeDBLogFiles>`));
    const listed = await listLogFiles(TARGET, KEYS, "shop", "general/");
    if (!listed.ok) throw new Error(listed.failure.message);
    return listed.value;
  };
  const named = (name: string, more = "") => `<LogFileName>${name}</LogFileName>${more}`;

  it.each(["", "<LastWritten/><Size/>", "<LastWritten> </LastWritten><Size>many</Size>"])(
    "without a time or size has none: %j",
    async (more) => {
      expect(await list(named(LIVE, more))).toEqual([{ name: LIVE, lastWritten: 0, size: null }]);
    },
  );

  it("without a name is none", async () => {
    expect(await list("<Size>1</Size>", "", "<LogFileName/>")).toEqual([]);
  });

  it("that was written last when another was is in its place by the hour in its name, too", async () => {
    const at = `<LastWritten>${Date.parse("2026-10-10T10:00:00Z")}</LastWritten>`;
    const names = [`${LIVE}.2026-10-10.9`, `${LIVE}.2026-10-10.10`, LIVE];
    const listed = await list(...names.toSorted().map((name) => named(name, at)));
    expect(listed.map(({ name }) => name)).toEqual(names);
  });

  it("without a time is in its place by the hour in its name, and the live one is the last", async () => {
    const files = [
      named(LIVE),
      named(`${LIVE}.2026-10-10.10`),
      named(`${LIVE}.2026-10-10.9`, `<LastWritten>${Date.parse("2026-10-10T09:00:00Z")}</LastWritten>`),
      named(`${LIVE}.2026-10-10.08`),
      named(`${LIVE}.2026-10-09.23`),
      named(`${LIVE}.7`),
    ];
    expect((await list(...files)).map(({ name }) => name.slice(LIVE.length))).toEqual([
      ".7",
      ".2026-10-09.23",
      ".2026-10-10.08",
      ".2026-10-10.9",
      ".2026-10-10.10",
      "",
    ]);
  });

  it("may have its time in seconds, as POSIX has it", async () => {
    expect(await list(named(LIVE, "<LastWritten>1769904000</LastWritten><Size>5</Size>"))).toEqual([
      { name: LIVE, lastWritten: 1_769_904_000_000, size: 5 },
    ]);
  });
});

describe("a portion of a log", () => {
  it.each([
    ["<LogFileData>a</LogFileData>", null, false],
    ["<LogFileData>a</LogFileData><Marker/>", null, false],
    ["<Marker>\n</Marker><LogFileData>a</LogFileData><AdditionalDataPending/>", null, false],
    [
      "<AdditionalDataPending> true </AdditionalDataPending><LogFileData>a</LogFileData><Marker>7:1</Marker>",
      "7:1",
      true,
    ],
  ])("may have no marker: %j", async (result, marker, pending) => {
    answer(reply("DownloadDBLogFilePortion", result));
    const portion = await downloadLogPortion(TARGET, KEYS, "shop", "general/mysql-general.log", {
      marker: "0",
    });
    expect(portion).toEqual({ ok: true, value: { data: new TextEncoder().encode("a"), marker, pending } });
  });

  it("may have nothing at all", async () => {
    answer(reply("DownloadDBLogFilePortion", ""));
    const portion = await downloadLogPortion(TARGET, KEYS, "shop", "general/mysql-general.log", {});
    expect(portion).toEqual({ ok: true, value: { data: new Uint8Array(0), marker: null, pending: false } });
  });
});

describe("the pages of metrics", () => {
  const QUERY = { instance: "shop", metrics: ["ReadIOPS"], start: 0, end: 3_600_000, period: 60 };
  const page = (more: string, second: number) =>
    `{"MetricDataResults":[{"Id":"m0","Label":"ReadIOPS","StatusCode":"Complete","Timestamps":[${second}],"Values":[1]}]${more}}`;

  it.each(["", ',"NextToken":""', ',"NextToken":null', ',"Messages":[],"NextToken":""'])(
    "end where there is no token for the next: %j",
    async (more) => {
      answer(page(',"NextToken":"2"', 60), page(more, 1.2e2));
      expect(await getMetricData(TARGET, KEYS, QUERY)).toEqual({
        ok: true,
        value: [
          [
            { time: 60_000, value: 1 },
            { time: 120_000, value: 1 },
          ],
        ],
      });
    },
  );

  it("do not go on for ever where the token never ends", async () => {
    answer(page(',"NextToken":"again"', 60));
    expect(await getMetricData(TARGET, KEYS, QUERY)).toMatchObject({
      ok: false,
      failure: { code: "MalformedReply" },
    });
  });
});

describe("a reply in another form of the same XML", () => {
  const whole = `<?xml version="1.0" encoding="UTF-8"?>
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <Credentials>
      <AccessKeyId>ASIAEXAMPLE</AccessKeyId>
      <SecretAccessKey>a+b/c</SecretAccessKey>
      <SessionToken>to&amp;ken==</SessionToken>
      <Expiration>2026-11-28T09:00:00Z</Expiration>
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </AssumeRoleResult>
</AssumeRoleResponse>`;
  const read = async (body: string) => {
    answer(body);
    return assumeRole(TARGET, KEYS, { roleArn: "arn:aws:iam::123456789012:role/x", externalId: "id" });
  };
  const value = {
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: "a+b/c",
    sessionToken: "to&ken==",
    expiresAt: Date.parse("2026-11-28T09:00:00Z"),
  };

  /** Each changes the form of a document and not what it says. */
  const dresses: Record<string, (xml: string) => string> = {
    "a byte order mark": (xml) => `\ufeff${xml}`,
    "no declaration": (xml) => xml.replace(/<\?xml [^?]*\?>\s*/, ""),
    "a declaration in single quotes": (xml) =>
      xml.replace(/<\?xml [^?]*\?>/, "<?xml version='1.0' encoding='utf-8' standalone='yes'?>"),
    "a namespace's prefix": (xml) =>
      xml.replace(/<(\/?)([A-Z]\w+)/g, "<$1s:$2").replace("xmlns=", "xmlns:s="),
    attributes: (xml) => xml.replace(/<([A-Z]\w+)>/g, `<$1 type="a>b" xml:lang='en'>`),
    comments: (xml) => xml.replace(/(<[A-Z]\w+>)/g, "<!-- <AccessKeyId>no</AccessKeyId> -->$1"),
    "comments in texts": (xml) => xml.replace("ASIAEX", "ASIA<!-- - -->EX"),
    "CDATA sections": (xml) =>
      xml.replace("to&amp;ken==", "<![CDATA[to&ken==]]>").replace("a+b/c", "a<![CDATA[+b]]>/c"),
    "references by number": (xml) => xml.replace("&amp;", "&#38;").replace("a+b/c", "&#97;&#x2B;b&#x2f;c"),
    "carriage returns": (xml) => xml.replaceAll("\n", "\r\n"),
    "no white space": (xml) => xml.replace(/>\s+</g, "><"),
    "blanks in tags": (xml) => xml.replace(/<(\/?[A-Z]\w+)>/g, "<$1\n >"),
    "processing instructions": (xml) => xml.replace("<AssumeRoleResult>", "<?keep x?><AssumeRoleResult>"),
  };

  it.each(Object.entries(dresses))("is read with %s", async (_, dress) => {
    expect(dress(whole)).not.toBe(whole);
    expect(await read(dress(whole))).toEqual({ ok: true, value });
  });

  it("is read in all of them at once, in any order", async () => {
    const several = fc.shuffledSubarray(Object.values(dresses), { minLength: 2 });
    await fc.assert(
      fc.asyncProperty(several, async (chosen) => {
        const dressed = chosen.reduce((xml, dress) => dress(xml), whole);
        expect(await read(dressed)).toEqual({ ok: true, value });
      }),
      { numRuns: 200 },
    );
  });

  it.each(Object.entries(dresses))("is read with %s as an error, too", async (_, dress) => {
    const error =
      '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>ASIAEX a+b/c to&amp;ken==</Message></Error></ErrorResponse>';
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(dress(error), { status: 403 }));
    expect(
      await assumeRole(TARGET, KEYS, { roleArn: "arn:aws:iam::123456789012:role/x", externalId: "id" }),
    ).toMatchObject({ ok: false, failure: { code: "AccessDenied", message: "ASIAEX a+b/c to&ken==" } });
  });
});
