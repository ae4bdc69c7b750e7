// The few shell scripts that run inside the lab's namespaces. Plain POSIX sh: it is dash, bash or BusyBox, which prefers
// its own small namesakes of some tools, so those come as arguments with their full paths.

/** Where the holder keeps things, under the /run of its own. */
export const NETNS_FOLDER = "/run/netns";
export const POD_ROOT = "/run/pod-root";
/** The agent as pods see it. */
const AGENT = "/netproof-probe";

/**
 * The first process of the lab. Arguments: the agent's binary, mount, nft. It says "ready" with its process id, then
 * stays until its stdin ends: the second safeguard, beside the parent-death signal, against outliving the process that
 * started it.
 */
export const HOLDER_SCRIPT = `
set -e
umask 022
cd /
# This /proc is still the machine's, so it tells the process id that the machine knows.
read -r pid rest </proc/self/stat
# The binary may lie under /run, which is about to be covered.
exec 3<"$1"
mount=$2
nft=$3
"$mount" -t tmpfs -o nosuid,nodev,noexec,mode=755 netproof-lab /run
"$mount" -t proc -o nosuid,nodev,noexec proc /proc
mkdir ${NETNS_FOLDER} ${POD_ROOT}
"$nft" list tables >/dev/null

"$mount" -t tmpfs -o nosuid,nodev,mode=755 netproof-pod ${POD_ROOT}
cd ${POD_ROOT}
mkdir proc dev tmp
for folder in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L /$folder ]; then cp -P /$folder .
  elif [ -d /$folder ]; then
    mkdir $folder
    # With --rbind where parts of it are mounts of their own, which a user namespace may not uncover.
    "$mount" -o bind,ro,nosuid,nodev /$folder $folder || "$mount" -o rbind,ro,nosuid,nodev /$folder $folder
  fi
done
# Read-only, since a pod without capabilities may still be the owner of its /proc/sys.
"$mount" -t proc -o ro,nosuid,nodev,noexec,hidepid=2 proc proc
for device in null zero full random urandom; do
  : >dev/$device
  "$mount" --bind /dev/$device dev/$device
done
cat <&3 >.${AGENT}
chmod 755 .${AGENT}
exec 3<&-
cd /
"$mount" -o remount,ro,nosuid,nodev netproof-pod ${POD_ROOT}

echo "ready $pid"
# As the first process of its namespace it inherits orphans; ignoring their deaths lets the kernel clear them away.
trap '' CHLD
exec cat >/dev/null
`;

/**
 * Makes routers of the current network namespace and of some others. Arguments: nsenter, their names. The reverse path
 * filter must not drop what comes in by another way than the answer takes: an outside host may have any address.
 */
export const ROUTER_SCRIPT = `
router='
cd /proc/sys/net
echo 1 >ipv4/ip_forward
for conf in ipv4/conf/all ipv4/conf/default; do
  echo 0 >$conf/rp_filter
  echo 0 >$conf/send_redirects
done
if [ -d ipv6/conf ]; then
  echo 0 >ipv6/conf/all/disable_ipv6
  echo 1 >ipv6/conf/all/forwarding
  echo 1 >ipv6/conf/default/addr_gen_mode
fi
'
set -e
nsenter=$1
shift
sh -ec "$router"
for netns; do "$nsenter" --net=${NETNS_FOLDER}/$netns sh -ec "$router"; done
`;

/**
 * Sets up the host end of many links at once. Each line of stdin is a network namespace and the lines for \`ip -batch\`
 * there, separated by semicolons. Arguments: nsenter, ip. Prints the namespaces where that failed.
 */
export const HOSTS_SCRIPT = `
host='
cd /proc/sys/net
echo 0 >ipv4/ip_unprivileged_port_start
[ ! -d ipv6/conf ] || echo 0 >ipv6/conf/all/disable_ipv6
IFS=";"
printf "%s\\n" $2 | "$1" -batch -
'
started=0
while read -r netns lines; do
  { "$1" --net=${NETNS_FOLDER}/$netns sh -ec "$host" sh "$2" "$lines" || echo $netns; } </dev/null &
  started=$((started + 1))
  [ $((started % 32)) -ne 0 ] || wait
done
wait
`;

/** Arguments: ip, process ids. Ends those, then runs the \`ip -batch\` lines from stdin. */
export const REMOVAL_SCRIPT = `
ip=$1
shift
[ $# -eq 0 ] || kill -9 "$@" 2>/dev/null
exec "$ip" -force -batch -
`;
