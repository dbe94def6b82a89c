# shellcheck shell=bash
# Faults that are put in on purpose, to see that the checks find them: verification/planted. They are found by hand; here
# they only have to be there, and to fit the tree as it stands.

readonly least_planted=15

check_planted() {
  local patch patches=(verification/planted/*.patch) broken=''
  [ ${#patches[@]} -ge "$least_planted" ] || fail "there are ${#patches[@]} planted faults of at least $least_planted"
  for patch in "${patches[@]}"; do
    # inside another repository git would take the paths for that one's
    GIT_CEILING_DIRECTORIES=$(dirname "$PWD") git apply --check "$patch" || broken+=" $patch"
  done
  [ -z "$broken" ] || fail "the code has changed under$broken: plant it anew, see docs/RELIABILITY.md"
  echo "${#patches[@]} faults still fit."
}
