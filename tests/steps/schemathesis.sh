# shellcheck shell=bash
# The API against its own description, by Schemathesis, out of tests/it/schemathesis.rs.

prepare_schemathesis() {
  install_tools schemathesis || fail 'Schemathesis could not be installed from PyPI; tests/tools/schemathesis.txt lists what it needs'
  POS_TEST_SCHEMATHESIS=$(tools_directory schemathesis)/bin/schemathesis
  export POS_TEST_SCHEMATHESIS
  "$POS_TEST_SCHEMATHESIS" --version
}

# By itself, so that its figures are seen.
run_schemathesis() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-capture -E 'binary(=it) & test(/^schemathesis::/)'
  else
    cargo test --workspace --locked --test it -- --nocapture --test-threads 1 schemathesis::
  fi
}
