# shellcheck shell=bash
# What bin/serve and bin/test share: bring the machine to the point where .venv/ can be used.
# The caller stands in the root of the project and has `set -euo pipefail`.
#
#   need_libraries [PACKAGE...]  the system libraries of the product, and further Debian packages
#   need_system PACKAGE...       Debian packages alone
#   need_environment FILE        .venv/ holding exactly what FILE locks, by checksum; finds a Python
#                                of 3.11 or later to make it with
#
# They cost some hundredths of a second when there is nothing to do, and touch no network.

readonly VENV=.venv
readonly SERVE_PACKAGES=(
  libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 # WeasyPrint draws the record with these
  fonts-liberation                                     # the record's own face
  fonts-dejavu-core fonts-noto-core                    # names in scripts that Liberation lacks
  fonts-droid-fallback fonts-nanum                     # and in Chinese, Japanese and Korean
)

lists_are_fresh=no

# say LINE...
say() {
  printf '%s\n' "$@" >&2
}

# stop WHAT HAPPENED, WHAT TO DO...
stop() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

# Run a command as root, by sudo where need be. Fails, silently, where neither is possible: the
# caller then says which command a person with the right to it has to run.
may_be_root() {
  [ "$(id -u)" -eq 0 ] && return 0
  command -v sudo >/dev/null 2>&1 || return 1
  sudo -n true 2>/dev/null && return 0
  # sudo may ask for the password, but only where somebody is there to give it.
  [ -t 0 ] && sudo -v
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Which of the packages are not there, one per line.
missing_packages() {
  local package
  local -A there=()
  command -v dpkg-query >/dev/null 2>&1 || return 0
  while read -r package; do
    there[$package]=1
  done < <(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
    sed -n 's/ installed$//p')
  for package in "$@"; do
    [ -n "${there[$package]:-}" ] || printf '%s\n' "$package"
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y \
    -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Show the end of a log that explains a failure, with the likely cause in words.
explain() {
  local log=$1
  tail -n 15 "$log" >&2
  if grep -qiE 'no space left' "$log"; then
    say "" "The disk is full: make room (df -h shows where), then run this again."
  elif grep -qiE 'temporary failure (in name resolution|resolving)|could not (resolve|connect)|name or service not known|newconnectionerror|connection (refused|timed out)|network is unreachable|read timed out|failed to fetch' "$log"; then
    say "" "A package server could not be reached: check the network or the proxy, then run this again."
  elif grep -qiE 'do not match the hashes' "$log"; then
    say "" "A package is not the one that was locked. Nothing of it was installed. Try again; if it" \
      "stays so, the package server or a proxy in between is altering files."
  elif grep -qiE 'no matching distribution' "$log"; then
    say "" "A locked package does not exist for this version of Python or this kind of machine."
  elif grep -qiE 'certificate verify failed|certificate verification failed' "$log"; then
    say "" "The package server's certificate is not trusted here. If your network inspects traffic, set" \
      "PIP_CERT to your organisation's certificate bundle, then run this again."
  fi
}

install_packages() {
  local log
  local command="apt-get update && apt-get install --no-install-recommends $*"
  command -v apt-get >/dev/null 2>&1 ||
    stop "These Debian packages, or what your system calls them, are missing:" "  $*" \
      "Install them, then run this again."
  may_be_root ||
    stop "System packages are missing, and this account may not install them. Have this run once:" \
      "  sudo sh -c '$command'" "Then run this again."
  say "Installing system packages: $*"
  log=$(mktemp)
  # An update that fails for one source need not matter: the install shows what does.
  if [ "$lists_are_fresh" = no ]; then
    apt_get update >"$log" 2>&1 || true
    lists_are_fresh=yes
  fi
  if ! apt_get install --no-install-recommends "$@" >>"$log" 2>&1; then
    explain "$log"
    rm -f "$log"
    stop "The system packages could not be installed. To see more, run:" "  sudo sh -c '$command'"
  fi
  rm -f "$log"
}

need_system() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
}

# What the product itself draws on, and whatever else the caller wants.
need_libraries() {
  need_system "${SERVE_PACKAGES[@]}" "$@"
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      PYTHON=$(command -v "$candidate")
      return 0
    fi
    [ "$candidate" != "${PYTHON:-}" ] || say "$PYTHON is not a Python of 3.11 or later: looking for another."
  done
  return 1
}

# Debian keeps venv's parts in a package of their own, named after the version.
can_make_environments() {
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null
}

need_python() {
  if ! find_python; then
    say "No Python of version 3.11 or later was found."
    install_packages python3 python3-venv
    find_python ||
      stop "This system's python3 is older than 3.11, which is the oldest that will do." \
        "Install a newer one (Debian 12, Ubuntu 24.04 and later have it), or name it:" \
        "  PYTHON=/path/to/python3.12 $0"
  fi
  if ! can_make_environments; then
    install_packages "python$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    can_make_environments ||
      stop "$PYTHON cannot make virtual environments: its modules venv and ensurepip are missing." \
        "Install them for that Python, or name another one:" "  PYTHON=/path/to/python3 $0"
  fi
}

# What the stamp must say for the environment to hold what the file locks: made in this folder
# (the programs in .venv/bin/ carry its path), by this Python, from these very lines.
stamp_for() {
  local python
  python=$("$VENV/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    return 1
  printf '%s %s %s\n' "$PWD" "$python" "$(sha256sum <"$1" | cut -d' ' -f1)"
}

environment_is_current() {
  local stamp=$VENV/.installed-${1%.txt} expected
  [ -f "$stamp" ] && expected=$(stamp_for "$1") && [ "$(cat "$stamp")" = "$expected" ]
}

# A copy from another folder, or one whose Python was replaced, is of no use here.
environment_is_usable() {
  "$VENV/bin/python" -m pip --version >/dev/null 2>&1 &&
    head -n 2 "$VENV/bin/pip" 2>/dev/null | grep -qF "$PWD/$VENV/bin/python"
}

need_environment() {
  local file=$1 log
  environment_is_current "$file" && return 0
  # Two starts at once must not build the same environment. The lock goes with the descriptor.
  { exec 9>.venv.lock; } 2>/dev/null ||
    stop "This folder cannot be written to: $PWD" \
      "Give your account the right to it, or copy it to where you may write."
  flock 9
  log=$(mktemp)
  if ! environment_is_current "$file"; then
    if ! environment_is_usable; then
      [ ! -L "$VENV" ] ||
        stop "$PWD/$VENV leads to another folder, which would be emptied." \
          "Remove the link (rm $VENV), then run this again."
      need_python
      say "Making the virtual environment $VENV with $("$PYTHON" --version)."
      if ! "$PYTHON" -m venv --clear "$VENV" >"$log" 2>&1; then
        explain "$log"
        stop "The virtual environment could not be made in $PWD/$VENV." \
          "Put right what is said above, then run this again."
      fi
    fi
    rm -f "$VENV"/.installed-*
    say "Installing Python packages from $file. This takes a minute or two, once."
    if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --quiet \
      --no-deps --require-hashes --only-binary :all: -r "$file" >"$log" 2>&1 </dev/null; then
      explain "$log"
      stop "The Python packages could not be installed. Put right what is said above," \
        "then run this again."
    fi
    stamp_for "$file" >"$VENV/.installed-${file%.txt}"
    # requirements-dev.txt holds all of requirements.txt, so bin/serve need not install again.
    if [ "$file" = requirements-dev.txt ]; then
      stamp_for requirements.txt >"$VENV/.installed-requirements"
    fi
  fi
  exec 9>&-
  rm -f "$log"
}
