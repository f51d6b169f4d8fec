# To be sourced: the Debian packages that the scripts need, and a function to install them.
#
# install_missing PACKAGE...  installs those that are missing. It does not start servers: the demo and the tests start
# private ones.

build_packages=(
    cmake ninja-build g++ pkg-config
    libstrophe-dev libevent-dev libtoml11-dev libexpected-dev libboost-dev libpq-dev libsqlite3-dev libssl-dev
    libspdlog-dev libcli11-dev libicu-dev libhowardhinnant-date-dev libsystemd-dev nlohmann-json3-dev
    libcurl4-openssl-dev libldap-dev
    prometheus-cpp-dev
)
server_packages=(prosody prosody-modules openssl)
page_packages=(libjs-chart.js)
client_packages=(python3 python3-slixmpp)
test_packages=(
    libboost-test-dev libexpat1-dev libyaml-cpp-dev
    git clang-format-19 lua-check lua5.4 liblua5.4-dev luarocks valgrind
    ejabberd erlang-base erlang-dev erlang-dialyzer erlang-eunit erlang-p1-sqlite3
    postgresql slapd ldap-utils
    profanity tmux faketime
    chromium chromium-driver python3-selenium
    systemd iproute2 mandoc curl rpm sqlite3
)
# It fetches axe-core. Where Node.js is not Debian's, it brings its own npm, and Debian's cannot be installed.
command -v npm >/dev/null || test_packages+=(npm)
fuzz_packages=(clang libclang-rt-dev)
package_packages=(
    git build-essential debhelper lintian
    ejabberd erlang-base erlang-p1-xmpp
)

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_missing() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ "${#missing[@]}" -eq 0 ] && return
    echo "==> Installing ${missing[*]}"
    as_root apt-get update -qq
    # invoke-rc.d(8) asks this program whether a service may be started.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT INT TERM HUP  # if left behind, no service would start
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    local failed=0
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || failed=$?
    if [ -n "$(trap -p EXIT)" ]; then
        as_root rm -f "$policy"
        trap - EXIT INT TERM HUP
    fi
    # Nor start them at the next boot.
    if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
        for package in prosody ejabberd postgresql slapd; do
            case " ${missing[*]} " in *" $package "*) as_root systemctl disable --quiet "$package" ;; esac
        done
    fi
    return "$failed"
}
