#!/usr/bin/env bash
# WsgiDAV 4.4.0 behind cheroot 11.1.2 (PyPI); seen 2026-12-01.
#
# A path may contain `;` as it is (RFC 3986, 3.3), and WsgiDAV takes such names in PUT and GET. It decodes the Destination header of MOVE before
# it parses it as a URL with parameters, so the path ends at a `;` of the last segment, written as `;` or as %3B alike. The answer is
# 201, and the file has another name. A client that uploads under a temporary name and then renames does not find its file.
#
# Output: the answers of PUT and MOVE, and the names in the folder after each.
set -euo pipefail
dir=$(mktemp -d); trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check wsgidav==4.4.0 cheroot==11.1.2
mkdir "$dir/root"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$dir/venv/bin/wsgidav" --host 127.0.0.1 --port "$port" --root "$dir/root" --auth anonymous --quiet >"$dir/log" 2>&1 & server=$!
for _ in $(seq 100); do curl -s -o "$dir/null" "http://127.0.0.1:$port/" && break; sleep 0.1; done
url=http://127.0.0.1:$port
send() { curl -s -o "$dir/null" -w '%{http_code}' "$@"; }
names() { (cd "$dir/root" && ls | paste -sd' '); }
{
  echo "PUT  a;b.tar -> $(send -T - "$url/a;b.tar" <<<one), names: $(names)"
  rm "$dir"/root/*
  send -T - "$url/one" <<<one >"$dir/null"
  echo "MOVE one to a;b.tar -> $(send -X MOVE -H "Destination: $url/a;b.tar" "$url/one"), names: $(names)"
  rm "$dir"/root/*
  send -T - "$url/one" <<<one >"$dir/null"
  echo "MOVE one to a%3Bb.tar -> $(send -X MOVE -H "Destination: $url/a%3Bb.tar" "$url/one"), names: $(names)"
} | tee "$dir/out"
diff "$dir/out" - <<'EOF2'
PUT  a;b.tar -> 201, names: a;b.tar
MOVE one to a;b.tar -> 201, names: a
MOVE one to a%3Bb.tar -> 201, names: a
EOF2
echo "as seen"
