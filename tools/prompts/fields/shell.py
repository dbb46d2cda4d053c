"""Shell and servers: logs, permissions, ssh, cron; asked by people with a terminal open and something down."""

from field import major

SHELL = major("shell", {
    "svc": "nginx, postgres, sshd, docker, redis, cron, mysql, haproxy, jenkins, grafana, postfix, apache",
    "dir": "/var/log, /home/deploy, /srv/www, /tmp, /opt/app, the backup folder, /etc/nginx, my home directory",
    "ext": ".log, .jpg, .conf, .gz, .csv, .tmp, .bak, .md",
    "host": "the staging box, web01, a raspberry pi, my vps, the nas, an ec2 instance, the jump host, the old db "
            "server",
    "distro": "debian 12, ubuntu 22.04, rocky linux, alpine, arch, centos 7, fedora, macos",
    "port": "80, 443, 5432, 8080, 22, 3306, 6379, 9090",
    "cmd": "rsync, tar, awk, sed, find, xargs, curl, grep, systemctl, journalctl, ssh, git",
    "user": "deploy, www-data, backup, jenkins, anna, postgres",
    "branch": "main, feature/login, release-2, hotfix, dev",
    "amount": "10 GB, 500 MB, 80 percent, two days, a week, 30 days",
}, """
# disk
disk is full on {host}, how do i find what eats the space?
> du says 12G but df says 40G used
> is it safe to delete the journal files
list the {5-30} biggest files under {dir}
which process still holds a deleted {ext} file open?
df shows 100 percent inodes but plenty of space, what is that
# find files
find all {ext} files in {dir} older than {3-90} days and delete them
> dry run first please
> exclude anything under archive
how do i count the lines of every {ext} file below {dir}
copy only {ext} files while keeping the folder structure
# text processing
awk: sum the third column grouped by the first
> comma separated, with a header line
replace a string in every {ext} file under {dir} with sed, with backups
show lines {10-90} to {~100-400} of a huge file
how can i get unique ip addresses from an access log sorted by count?
> only the ones with status 404
cut the last field no matter how many columns there are
# ssh
ssh to {host} asks for a password although my key is there
> permissions look right, 600 and 700
> where do i see the server side reason
permission denied (publickey) after upgrading to {distro}
set up a tunnel so i can reach port {port} on {host} from my laptop
how to jump through one host to reach {host} in a single command
# services
{svc} won't start after reboot, status says failed with exit code {~1-127}
> journal just says permission denied
write a systemd unit that restarts my script when it crashes
> run as {user}, not root
how do i see the logs of {svc} since yesterday?
what is the difference between reload and restart for {svc}?
# permissions
how do i give {user} write access to {dir} without 777?
> new files still belong to root
what does chmod 2775 mean exactly
sudo without password for one single command, for {user}
someone ran chown -R on {dir}, how bad is it?
# networking
which process is listening on port {port}?
curl works on {host} itself but not from outside
> firewall is ufw, i already allowed {port}
how can i test whether port {port} is open without telnet
dns resolves to the old address on {host}, cache somewhere?
difference between 0.0.0.0 and 127.0.0.1 when binding {svc}
# cron
run a script every weekday at {5-23}:30
> does cron know my PATH?
my cron job works by hand but not at night
is there a way to make sure two cron runs never overlap
# nginx
nginx: redirect http to https for two domains
> keep the query string
502 bad gateway after i moved the app to a unix socket
serve static files from {dir} and proxy everything else to port {port}
how do i limit requests per ip to {2-50} a second in nginx
# docker
container exits immediately with code 0, why?
> the image is based on {distro}
how do i get a shell in a running container that has no bash
docker eats {amount} of disk, what can i prune safely?
mount {dir} into a container as user {user}
# backup
rsync {dir} to {host} every night, keep {3-14} versions
> exclude {ext} files
> how would i restore one folder
how do i check that a tar backup is not corrupt?
dump a postgres database and load it on {host} in one go
# processes
what does load average {2-48}.5 mean on {2-16} cores?
kill everything {user} started but leave {svc} alone
process is in state D and kill -9 does nothing
keep a command running after i log out of {host}
> tmux or nohup, what would you take
# bash scripting
bash: loop over files with spaces in their names
> what does the -print0 do
check if an argument is missing and print usage
set -euo pipefail, what does each of them do?
how do i read a config file into variables in bash
> and default values if a key is missing?
return the exit code of the first command in a pipe
# git
undo the last commit but keep my changes
> i already pushed it to {branch}
i committed to {branch} instead of {branch2}, how do i move it
git says detached head, did i lose work?
> i did two commits since
remove a big file from the history of {branch}
# packages
apt says held broken packages on {distro}
> can i force it or will that end in tears
how do i find which package owns a file on {distro}?
install an older version of {svc} and stop it being upgraded
# memory
oom killer took {svc} last night, where's the evidence?
> it has {2-64} gb of ram
is it bad that linux uses all my memory for cache
add {2-8} gb swap on {distro}
# certificates
let's encrypt renewal fails with a timeout on port {port}
> the domain is behind a proxy
show the expiry date of the certificate on {host}
# users
create a user that can only use sftp into {dir}
> and can't see other folders
lock the account of {user} but keep the files
# monitoring
send me a mail when disk on {host} passes {70-95} percent
one liner to watch the size of a file every second?
how do i see which client sends most traffic to {svc}
# logs
logrotate for {dir}, weekly, keep {4-12}, compress
> does {svc} need a signal afterwards
follow two logs at once and colour the errors
journalctl takes {amount}, how do i cap it?
# security
someone from one ip tries {~20-900} ssh logins an hour on {host}. what do i do?
> fail2ban is installed but bans nobody
which ports should be open on a small web server and nothing more
how do i check who logged in on {host} last week
# command meaning
what does {cmd} --dry-run actually skip?
explain 2>&1 to me, slowly
difference between single and double quotes in bash
is there a modern replacement for {cmd}?
> already packaged on {distro}?
# performance
{host} is slow every day at {1-11} pm, how do i find out why?
> iowait is at 60
which is faster for a million small files, {cmd} or {cmd2}?
# kubernetes
pod is stuck in pending, what should i look at first
> describe says insufficient memory
kubectl logs of a container that already restarted
# windows and mac
what's the powershell equivalent of tail -f
line endings: script says bad interpreter ^M
how do i ssh from windows to {host} with a .pem file?
# time
clock on {host} is {2-50} minutes behind, how do i sync it
set the timezone to Vienna on {distro} without rebooting
# database server
postgres: too many connections, quick fix and proper fix?
> pgbouncer on the same machine ok?
how do i let {user} read one schema only
# migration
moving {svc} from {distro} to {distro2}, what will bite me?
> about {amount} of downtime is fine
what do i copy besides {dir} when i move a web server
""", """
this is production so i'd rather not break it
it's an old machine
i'm root on that box
no internet on that machine
i inherited this server
running inside a container
my colleague set it up and left
i'm on call tonight
there are {3-40} servers like that
i normally only use windows
it worked until this morning
no reboot possible before sunday
""", """
what does that flag do?
can i do that without root
now only for {dir}
same thing on {distro}?
how do i undo that if it goes wrong
it says command not found
ok that freed {amount}, what next
do i have to restart {svc} afterwards?
put that in a script for me
permission denied again
what would the output look like
as a one liner please
and how do i make it survive a reboot?
it hangs, nothing printed for minutes
nice, {svc} is back
""")
