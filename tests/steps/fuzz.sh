# shellcheck shell=bash
# What is parsed by hand, fuzzed by libFuzzer: the crate fuzz, guided by what is run in our crates.

readonly fuzzed=(money quantity cursor settings)

# libFuzzer is C++.
prepare_fuzzing() {
  command -v c++ >/dev/null || command -v "${CXX:-g++}" >/dev/null || install_packages 'a C++ compiler' g++
}

# The dependencies are those of the tests, so that our own crates alone are built once more.
build_fuzzers() {
  local target targets=()
  for target in "${fuzzed[@]}"; do targets+=(--bench "fuzz_$target"); done
  RUSTC_WORKSPACE_WRAPPER=$PWD/fuzz/instrument \
    cargo build --workspace --locked "${targets[@]}" --message-format json-render-diagnostics >target/fuzzers.json
}

# fuzz TARGET: goes on from what earlier runs found; fails with the input that breaks it.
fuzz() {
  local binary kept=target/fuzz/$1
  binary=$(grep -oE "\"executable\":\"[^\"]*/fuzz_$1-[^\"]*\"" target/fuzzers.json | cut -d '"' -f 4)
  mkdir -p "$kept"
  # the fault stands above a backtrace of libFuzzer itself, which would hide it
  RUST_BACKTRACE=0 "$binary" -max_total_time="${POS_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="target/fuzz/$1-" "$kept" "fuzz/seeds/$1" >"target/fuzz/$1.log" 2>&1 && return
  tail -n 40 "target/fuzz/$1.log"
  return 1
}

# All at once, a minute long; POS_FUZZ_SECONDS has it go on for longer.
run_fuzzers() {
  local target broken='' processes=()
  mkdir -p target/fuzz
  for target in "${fuzzed[@]}"; do
    fuzz "$target" &
    processes+=($!)
  done
  for at in "${!fuzzed[@]}"; do
    wait "${processes[at]}" || broken+=" ${fuzzed[at]}"
  done
  for target in "${fuzzed[@]}"; do
    printf '%-9s %s inputs tried, %s kept\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "target/fuzz/$target.log")" "$(ls "target/fuzz/$target" | wc -l)"
  done
  [ -z "$broken" ] || fail "fuzzing broke$broken; the input is beside its log in target/fuzz"
}
