#!/usr/bin/env bash
# The AWS SDK names two regions for IAM in China: one in its list of partitions, another where it sends and signs requests
#
# @aws-sdk/client-iam 3.1169.0 with @aws-sdk/core 3.981.2, November 2026.
#
# IAM has one host for each partition. The SDK's list of partitions (`partitionsInfo` of @aws-sdk/core, the partitions.json that all
# of AWS's SDKs are made with) has a field for the region of such services, `implicitGlobalRegion`, and the endpoint of each other
# partition is that region's. For aws-cn the list says cn-northwest-1. The IAM client's own rules send the request elsewhere, and
# sign it for there:
#
#   aws-cn        list: cn-northwest-1     client: iam.cn-north-1.amazonaws.com.cn, signed for cn-north-1
#
# Whoever makes the host and the scope of the signature from the list asks another host than the SDK, under another signature.
#
# For us: hosts and signing regions are in a table of our own, which a test compares with the clients' rules, not with the list.
#
# Needs Node.js 20 or newer and npm. Exits with 1 when the behaviour has changed, with 2 when it can't be tried.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >npm.log && npm install --silent --ignore-scripts @aws-sdk/client-iam@3.1169.0 @aws-sdk/core@3.981.2 >>npm.log 2>&1 ||
  { cat npm.log >&2; exit 2; }

cat >regions.mjs <<'JS'
import { GetUserCommand, IAMClient } from "@aws-sdk/client-iam";

const list = "./node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js";
const { partitionsInfo } = await import(new URL(list, import.meta.url));
for (const { id, regions, outputs } of partitionsInfo.partitions) {
  const region = Object.keys(regions).find((name) => !name.endsWith("-global"));
  const iam = new IAMClient({ region, credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" } });
  let sent;
  // Looks at the signed request, which is not sent.
  const look = () => async ({ request }) => {
    sent = request;
    return { response: {}, output: { $metadata: {} } };
  };
  iam.middlewareStack.add(look, { step: "finalizeRequest", priority: "low" });
  await iam.send(new GetUserCommand({}));
  const signedFor = sent.headers.authorization.split("/")[2];
  console.log(`${id} list: ${outputs.implicitGlobalRegion} client: ${sent.hostname} signed for: ${signedFor}`);
}
JS
node regions.mjs 2>node.log | tee regions.txt || { cat node.log >&2; exit 2; }

fail() {
  echo "changed: $1" >&2
  exit 1
}
grep -qx 'aws-cn list: cn-northwest-1 client: iam.cn-north-1.amazonaws.com.cn signed for: cn-north-1' regions.txt ||
  fail "the list and the client agree on China"
[ "$(awk '$3 != $NF' regions.txt | wc -l)" = 1 ] || fail "China is not the only partition in which they differ"
