#!/bin/sh
# Writes the TL classes of Integrations.Mtproto/Schema from the schema files beside the generator.
#   tools/generate-tl.sh            generate
#   tools/generate-tl.sh --check    fail when the committed classes are stale (no network)
#   tools/generate-tl.sh --import   fetch the schema package first and renew api.tl and mtproto.tl
set -eu
cd "$(dirname "$0")/.."
schema=tools/Integrations.TlGenerator
output=Integrations.Mtproto/Schema
generator() { dotnet run --project "$schema" -v q -- "$@"; }

case "${1-}" in
  --check) generator check "$schema" "$output" ;;
  --import)
    package=@mtcute/core@0.31.0
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz package/tl/api-schema.json package/tl/mtp-schema.json package/LICENSE)
    generator import "$work/package/tl/api-schema.json" "$schema/api.tl"
    generator import "$work/package/tl/mtp-schema.json" "$schema/mtproto.tl"
    cp "$work/package/LICENSE" "$schema/LICENSE.mtcute"
    generator generate "$schema" "$output"
    ;;
  "") generator generate "$schema" "$output" ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
