#!/bin/sh
# Builds the Go hub with Debian's golang and golang-github-gorilla-websocket-dev, without a network:
#   bench/peers/go/build.sh PROGRAM
set -eu
program=$(realpath -m "$1")
mkdir -p "$(dirname "$program")"
cd "$(dirname "$0")"
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE="$program.cache" exec go build -o "$program" .
