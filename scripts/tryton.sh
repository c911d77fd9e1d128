#!/usr/bin/env bash
# Install Tryton, the ERP that the tests and the demo synchronize with, and prepare a database of it:
# an SQLite file with the party module activated, which a fresh server starts from as a copy.
#
# Running it again does nothing while the lock and this script are unchanged; two runs at once wait for
# each other. Result: build/tryton/venv, build/tryton/template.sqlite (user admin, see PASSWORD).
set -euo pipefail
cd "$(dirname "$0")/.."

HOME_DIR="${CUSTOMER_SYNC_TRYTON:-build/tryton}"
LOCK_FILE=requirements/tryton.txt
# Not a secret: the server listens on the loopback address only and holds invented customers.
PASSWORD=customer-sync
mkdir -p "$HOME_DIR"
HOME_DIR="$(cd "$HOME_DIR" && pwd)"
VENV="$HOME_DIR/venv"

exec 9>"$HOME_DIR/.lock"
flock 9

install_stamp="$(cat "$LOCK_FILE" 2>/dev/null | sha256sum | cut -d' ' -f1)"
if [ "$(cat "$VENV/.stamp" 2>/dev/null || true)" != "$install_stamp" ]; then
    test -x "$VENV/bin/python" || "${PYTHON:-python3.11}" -m venv "$VENV"
    if [ -e "$LOCK_FILE" ]; then
        wanted=(--require-hashes -r "$LOCK_FILE")
    else
        wanted=(trytond==8.2.1 trytond-party==8.2.0 proteus==8.2.0)
    fi
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "${wanted[@]}"
    printf '%s' "$install_stamp" >"$VENV/.stamp"
fi

template_stamp="$install_stamp $(sha256sum <scripts/tryton.sh | cut -d' ' -f1)"
if [ "$(cat "$HOME_DIR/.template" 2>/dev/null || true)" = "$template_stamp" ] &&
    [ -e "$HOME_DIR/template.sqlite" ]; then
    exit 0
fi

work="$(mktemp -d "$HOME_DIR/prepare.XXXXXX")"
trap 'rm -rf "$work"' EXIT
printf '[database]\nuri = sqlite://\npath = %s\n' "$work" >"$work/trytond.conf"
printf '%s' "$PASSWORD" >"$work/password"
touch "$work/template.sqlite" # the SQLite backend does not create the file itself
TRYTONPASSFILE="$work/password" "$VENV/bin/trytond-admin" -c "$work/trytond.conf" -d template \
    --update ir res party --activate-dependencies --email admin@example.invalid --language en \
    >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

# A party's address names its country by reference, and the module brings none.
PYTHONWARNINGS=ignore "$VENV/bin/python" - "$work/trytond.conf" <<'PY'
import sys

from proteus import Model, config

config.set_trytond("template", config_file=sys.argv[1])
COUNTRIES = """
AT Austria|AU Australia|BE Belgium|BG Bulgaria|BR Brazil|CA Canada|CH Switzerland|CN China|CY Cyprus
CZ Czechia|DE Germany|DK Denmark|EE Estonia|ES Spain|FI Finland|FR France|GB United Kingdom|GR Greece
HR Croatia|HU Hungary|IE Ireland|IN India|IS Iceland|IT Italy|JP Japan|LI Liechtenstein|LT Lithuania
LU Luxembourg|LV Latvia|MT Malta|MX Mexico|NL Netherlands|NO Norway|NZ New Zealand|PL Poland
PT Portugal|RO Romania|RS Serbia|SE Sweden|SG Singapore|SI Slovenia|SK Slovakia|TR Türkiye|UA Ukraine
US United States|ZA South Africa
"""
SUBDIVISIONS = """
US-CA California|US-NY New York|US-TX Texas|US-WA Washington|DE-BE Berlin|DE-BY Bayern|DE-HH Hamburg
GB-ENG England|GB-SCT Scotland|CA-ON Ontario|CA-QC Quebec|FR-IDF Île-de-France|AT-9 Wien|CH-ZH Zürich
"""


def entries(text):
    return [entry.split(" ", 1) for line in text.strip().splitlines() for entry in line.split("|")]


Country, Subdivision = Model.get("country.country"), Model.get("country.subdivision")
countries = {code: Country(code=code, name=name) for code, name in entries(COUNTRIES)}
Country.save(list(countries.values()))
Subdivision.save(
    [
        Subdivision(country=countries[code[:2]], code=code, name=name, type="state")
        for code, name in entries(SUBDIVISIONS)
    ]
)
PY

mv "$work/template.sqlite" "$HOME_DIR/template.sqlite"
printf '%s' "$template_stamp" >"$HOME_DIR/.template"
