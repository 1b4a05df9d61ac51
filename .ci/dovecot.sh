#!/bin/sh
# A throw-away IMAP server (Debian's dovecot) for the tests against real mailboxes. Never for mail.
#   .ci/dovecot.sh start   installs it if missing, starts it on loopback and prints what the tests need, as JSON on one line
#   .ci/dovecot.sh stop    stops it and removes its files
set -eu
umask 022

folder="${TMPDIR:-/tmp}/neuronforge-dovecot-$(id -u)"

find_dovecot() {
  # In /usr/sbin, which is not on every user's path.
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v dovecot || true
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# As root it needs users to fall back to; as anybody else it runs as that user throughout.
user_settings() {
  if [ "$(id -u)" = 0 ]; then
    printf '%s\n' "default_login_user = dovenull" "default_internal_user = dovecot" "default_internal_group = dovecot"
    owner=nobody
    group="$(id -gn nobody)"
  else
    owner="$(id -un)"
    group="$(id -gn)"
    printf '%s\n' "default_login_user = $owner" "default_internal_user = $owner" "default_internal_group = $group"
    printf '%s\n' "service anvil {" "  chroot =" "}" "service imap-login {" "  chroot =" "}" "service stats {" "  chroot =" "}"
  fi
}

write_settings() {
  {
    user_settings
    cat << SETTINGS
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/log
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = <$folder/cert.pem
ssl_key = <$folder/key.pem
first_valid_uid = 1
mail_location = maildir:$folder/mail/%u
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = $1
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = $2
    ssl = yes
  }
}
passdb {
  driver = static
  args = password=$3
}
userdb {
  driver = static
  args = uid=$owner gid=$group home=$folder/mail/%u
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
}
SETTINGS
  } > "$folder/dovecot.conf"
}

start() {
  if [ -z "$(find_dovecot)" ]; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends dovecot-imapd openssl; } >&2
  fi
  stop
  mkdir -p "$folder/run" "$folder/state" "$folder/mail"
  chmod 0777 "$folder/mail"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
    -keyout "$folder/key.pem" -out "$folder/cert.pem" 2> /dev/null
  password="$(node -e 'console.log(crypto.randomUUID())')"
  # Another process may take a free port before we do: then try the next ones.
  for _ in 1 2 3 4 5; do
    port="$(free_port)"
    tls_port="$(free_port)"
    write_settings "$port" "$tls_port" "$password"
    if "$(find_dovecot)" -c "$folder/dovecot.conf" >&2; then
      node -e '
        const [port, tlsPort, password, folder] = process.argv.slice(1);
        const read = (name) => require("node:fs").readFileSync(`${folder}/${name}`, "utf8");
        console.log(JSON.stringify({ port: Number(port), tlsPort: Number(tlsPort), password, cert: read("cert.pem"), key: read("key.pem") }));' \
        "$port" "$tls_port" "$password" "$folder"
      return
    fi
  done
  cat "$folder/log" >&2
  exit 1
}

stop() {
  if [ -f "$folder/run/master.pid" ]; then
    pid="$(cat "$folder/run/master.pid")"
    kill -TERM "$pid" 2> /dev/null || true
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      kill -0 "$pid" 2> /dev/null || break
      sleep 0.3
    done
    kill -KILL "$pid" 2> /dev/null || true
  fi
  rm -rf "$folder"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
