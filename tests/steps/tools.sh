# shellcheck shell=bash
# Outside tools in virtual environments of their own under target/tools, each exactly as tests/tools has it.

tools_directory() {
  echo "$PWD/target/tools/$1"
}

# Whether a virtual environment can be made; Debian has that in a package of its own.
has_python() {
  command -v python3 >/dev/null && python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

prepare_python() {
  has_python && return
  install_packages 'Python 3.10 or newer with its module venv' python3-venv
  has_python || fail 'apt-get installed a Python that is older than 3.10, or has no venv: install a newer one by hand'
}

# install_tools NAME: the environment NAME holds what tests/tools/NAME.txt lists, made anew when that has changed.
install_tools() {
  local name=$1 directory
  directory=$(tools_directory "$name")
  cmp -s "tests/tools/$name.txt" "$directory/installed.txt" && return
  prepare_python
  rm -rf "$directory"
  python3 -m venv "$directory" || fail "no virtual environment could be made in $directory"
  "$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "tests/tools/$name.txt" || return 1
  cp "tests/tools/$name.txt" "$directory/installed.txt"
}

# What shows the order in which a process writes, syncs and answers; its test runs on Linux alone.
prepare_strace() {
  [ "$(uname -s)" = Linux ] || return 0
  command -v strace >/dev/null || install_packages strace strace
  strace --version | head -n 1
}
