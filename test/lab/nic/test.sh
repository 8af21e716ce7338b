#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the lab NIC by itself, without nk-cni. As root in the lab:
#   test/lab/lab run -- test/lab/nic/test.sh [WORD...]
# With words, only the cases whose sentence contains one of them are run.
#
# Each case starts from a freshly loaded module, so all counters start at zero, and ends with a
# look at the kernel's log.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=test/words.sh
source "$here/../../words.sh"
# shellcheck source=test/lab/nic/test/words.sh
source "$here/test/words.sh"

[[ ${LABNIC_KO:-} && -f $LABNIC_KO ]] || die "LABNIC_KO names no labnic.ko: run this in the lab"
wanted=("$@")
begin "$here"/../../../build/test/{netdev,tcp,wire,xdpprog,xsk}
# shellcheck source=test/lab/nic/test/frames.sh
source "$here/test/frames.sh"
# shellcheck source=test/lab/nic/test/sockets.sh
source "$here/test/sockets.sh"
# shellcheck source=test/lab/nic/test/queues.sh
source "$here/test/queues.sh"
# shellcheck source=test/lab/nic/test/rules.sh
source "$here/test/rules.sh"
# shellcheck source=test/lab/nic/test/offloads.sh
source "$here/test/offloads.sh"
# shellcheck source=test/lab/nic/test/providers.sh
source "$here/test/providers.sh"
end
