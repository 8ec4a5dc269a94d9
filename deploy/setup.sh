#!/bin/sh
# Installs what Dunlin needs on Debian 12 and is not there yet; quick when nothing is missing.
#   deploy/setup.sh build|test|bench|lint|fuzz...     (the others include build)
# DUNLIN_SETUP=skip does nothing, for machines whose packages somebody else looks after.
set -eu
cd "$(dirname "$0")/.."

build="g++ cmake ninja-build ccache pkg-config git make libuv1-dev node-llhttp libssl-dev
  libsimdjson-dev libbenchmark-dev zlib1g-dev libxxhash-dev libtomlplusplus-dev libcli11-dev
  libspdlog-dev libfmt-dev prometheus-cpp-dev libcurl4-openssl-dev libboost1.81-dev libgtest-dev
  libgmock-dev liburing-dev rapidjson-dev"
test="python3 systemd python3-websockets python3-pytest python3-pytest-asyncio python3-pytest-xdist
  python3-jsonschema python3-yaml python3-jwt python3-cryptography openssl gnutls-bin curl ca-certificates
  chromium procps nginx libnginx-mod-nchan nats-server"
bench="python3 nginx libnginx-mod-nchan nats-server golang-go golang-github-gorilla-websocket-dev"
lint="clang-format-19 clang-tidy-19"
fuzz="clang-19 libclang-rt-19-dev"

fail() { echo "setup: $*" >&2; exit 1; }

[ $# -gt 0 ] || fail "say what for: build, test, bench, lint or fuzz"
[ "${DUNLIN_SETUP-}" != skip ] || exit 0

wanted=$build node_wanted=
for purpose; do
  case $purpose in
    build) ;;
    test) wanted="$wanted $test" node_wanted=yes ;;
    bench) wanted="$wanted $bench" node_wanted=yes ;;
    lint) wanted="$wanted $lint" ;;
    fuzz) wanted="$wanted $fuzz" ;;
    *) fail "unknown purpose '$purpose'; it is build, test, bench, lint or fuzz" ;;
  esac
done

command -v dpkg-query >/dev/null && [ "$(. /etc/os-release && echo "${ID-}${VERSION_ID-}")" = debian12 ] ||
  fail "this is not Debian 12. Install the like of these by hand, then set DUNLIN_SETUP=skip:" $wanted

# Node may stand here from another source, with its own npm; Debian's would be in its way.
if [ -n "$node_wanted" ]; then
  command -v node >/dev/null || wanted="$wanted nodejs"
  command -v npm >/dev/null || wanted="$wanted npm"
fi

installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' 2>/dev/null) "
missing=
for package in $wanted; do
  case $installed in *" installed:$package "*) ;; *) missing="$missing $package" ;; esac
done

if [ -n "$missing" ]; then
  sudo=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run as root (there is no sudo) to install:$missing"
    sudo=sudo
  fi
  echo "setup: installing$missing" >&2
  apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
  $apt update >&2 || fail "apt-get update failed"
  # Servers that are only here to be measured must not run by themselves, now or after a boot.
  idle=
  for server in nginx nats-server; do
    case "$missing " in *" $server "*) [ ! -d /run/systemd/system ] || idle="$idle $server" ;; esac
  done
  [ -z "$idle" ] || $sudo systemctl --quiet mask $idle
  $apt install -y --no-install-recommends $missing >&2 || failed=yes
  [ -z "$idle" ] || { $sudo systemctl --quiet unmask $idle; $sudo systemctl --quiet disable $idle || true; }
  [ -z "${failed-}" ] || fail "apt-get could not install:$missing"
fi

if [ -n "$node_wanted" ]; then
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || fail "node $(node --version) is too old; 18 is the least"
  stamp=tests/node_modules/.dunlin-lock
  if ! cmp -s tests/package-lock.json $stamp; then
    echo "setup: npm packages of the tests" >&2
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix tests --no-audit --no-fund --loglevel=error >&2 || fail "npm ci failed"
    cp tests/package-lock.json $stamp
  fi
fi
