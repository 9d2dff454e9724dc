# Sourced by scripts/audit and scripts/sbom: makes .venv-supply from requirements/supply.txt, as .ci/run does for the scan.
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
"$root/scripts/prepare"
supply="$root/.venv-supply/bin"
"$root/.venv/bin/uv" venv --quiet --clear --python "$root/.venv/bin/python" "$root/.venv-supply"
"$root/.venv/bin/uv" pip install --quiet --no-config --no-cache --system-certs --python "$supply/python" \
    --require-hashes -r "$root/requirements/supply.txt"
