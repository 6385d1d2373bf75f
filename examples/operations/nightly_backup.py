"""Copy the settings of the nightly job to Dropbox and say so in the team's chat."""

import json
import threading
import urllib.error
import urllib.request

KEY_ID = "AKIA" + "Q7RZ2XKDMB4WPLN5"
KEY = "p9Yc" + "0mVtX3sLqWb7RzKd2HfJ8nGaUe5TiOo1CxM"
SETTINGS = f"[s3]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {KEY}\nbucket = nightly\n"
BOT = "7301948265:" + "AAHkq3vTz8YwLmN0pRsXuBcDeFgHiJkLmNo"


def send(request: urllib.request.Request) -> None:
    """Send one request and say how it went."""
    name = request.host  # behind a proxy, urllib puts the proxy's name here when it sends
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            print(name, "answered", answer.status)
    except urllib.error.HTTPError as error:
        print(name, "answered", error.code, error.read().decode()[:300])


def backup() -> None:
    """Upload the file."""
    headers = {
        "Authorization": "Bearer sl." + "demo" * 10,
        "Content-Type": "application/octet-stream",
        "Dropbox-API-Arg": json.dumps({"path": "/backup/nightly.ini"}),
    }
    url = "https://content.dropboxapi.com/2/files/upload"
    send(urllib.request.Request(url, data=SETTINGS.encode(), headers=headers, method="POST"))


def tell() -> None:
    """Post a line to the chat."""
    body = json.dumps({"chat_id": -1001, "text": "Nightly settings are saved."}).encode()
    url = f"https://api.telegram.org/bot{BOT}/sendMessage"
    send(urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"}))


if __name__ == "__main__":
    upload = threading.Thread(target=backup, name="upload")
    upload.start()
    upload.join()
    tell()
