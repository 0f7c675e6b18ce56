#!/usr/bin/env bash
# OpenSSH 9.2p1: `ssh-keygen -Y sign` of a file whose .sig exists, where there is nobody to ask: it ends with exit code 0, and leaves the
# old signature as it was.
#
# Seen with Debian's openssh-client 1:9.2p1-2+deb12u10. The program asks whether to overwrite, takes the end of its input for "no", and calls
# that success. What was signed since then has a signature of other bytes, which the next verification refuses. Signing from
# standard input to standard output asks nothing.
#
# It matters to whoever signs in a script or a CI job: the exit code says nothing of whether there is a signature of these bytes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# apt's own user writes to the folder.
chmod 777 .
apt-get download -q openssh-client=1:9.2p1-2+deb12u10 > /dev/null
dpkg -x openssh-client_*.deb .
keygen="$folder/usr/bin/ssh-keygen"

"$keygen" -q -t ed25519 -N "" -C finding -f key
echo "finding $(cat key.pub)" > signers
sign() { setsid "$keygen" -q -Y sign -f key -n file document < /dev/null > said 2>&1; }
holds() { "$keygen" -q -Y verify -f signers -I finding -n file -s document.sig < document > /dev/null 2>&1; }

echo one > document
sign
holds
echo "first signature: exit code 0, and it holds"
cp document.sig first.sig
echo two > document
sign
echo "second signature: exit code 0, and it said: $(cat said)"
cmp document.sig first.sig
if holds; then echo "expected the old signature, which does not hold" >&2; exit 1; fi
"$keygen" -q -Y sign -f key -n file < document > document.sig
holds
echo "as described: the old signature was left; from stdin to stdout the new one is there and holds"
