# What the machine has and what may be put on it. Sourced by ./run, ./test and bench/run; bash, set -eu.

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# Where downloads and built things are kept between runs; never inside the checkout.
cache_folder() { printf '%s\n' "${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/zelo"; }

# Runs a command as root where that needs no question: as root already, or through sudo without a password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Whether packages may be installed. ZELO_INSTALL=no forbids it.
may_install() {
  [ "${ZELO_INSTALL:-yes}" != no ] && have apt-get || return 1
  [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }
}

# install_packages PACKAGE...: with apt, where allowed; else says the command and fails.
install_packages() {
  if ! may_install; then
    complain "Missing on this machine. Install with:  sudo apt-get install -y --no-install-recommends $*"
    return 1
  fi
  complain "Installing $* with apt-get"
  local log
  log=$(mktemp)
  # The list of packages is fetched once a run; a fresh container has none.
  if [ -z "${packages_listed:-}" ]; then
    as_root apt-get update -qq >"$log" 2>&1 || true
    packages_listed=yes
  fi
  if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 15 "$log" >&2
    rm -f "$log"
    complain "apt-get could not install $*"
    return 1
  fi
}

# version_at_least HAVE WANT: compares numbers between dots.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Cargo, and a compiler that is new enough. Rust is never installed behind anybody's back.
need_rust() {
  local want found
  want=$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' Cargo.toml | head -n 1)
  # A shell opened before rustup ran does not know its folder.
  have cargo || PATH="$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin"
  if ! have cargo || ! have rustc; then
    complain "Rust is missing; Zelo needs $want or newer, and a distribution's package is often too old. Get it with:"
    complain "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    return 1
  fi
  found=$(rustc --version | sed -n 's/^rustc \([0-9.]*\).*/\1/p')
  if ! version_at_least "${found:-0}" "$want"; then
    complain "Rust $want or newer is needed, and this is ${found:-unknown}."
    if have rustup; then
      complain "Update it with:  rustup update stable"
    else
      complain "A distribution's package is often too old. Get a new one with:"
      complain "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    fi
    return 1
  fi
}

# A C compiler: SQLite and the cryptography are C, and Rust links with it.
need_c_compiler() {
  if have cc && printf '#include <stdio.h>\nint main(void){return 0;}\n' | cc -x c -fsyntax-only - 2>/dev/null; then
    return 0
  fi
  install_packages gcc libc6-dev
}
