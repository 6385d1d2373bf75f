"""The client scripts of the attribution benchmark: each says who it is, or on which line it
sends.
"""

PRELUDE = """
import json, os, socket, sys
PORT = int(os.environ["GATE_PORT"])
SCRIPT = os.path.realpath(sys.argv[0])
def dial():
    return socket.create_connection(("127.0.0.1", PORT))
def ask(sock, **more):
    truth = dict({"pid": os.getpid(), "script": SCRIPT}, **more)
    sock.sendall(b"POST / HTTP/1.1\\r\\nX-Truth: " + json.dumps(truth).encode() + b"\\r\\n\\r\\n")
    if not sock.recv(200): raise SystemExit(3)
def one(**more):
    s = dial(); ask(s, **more); s.close()
"""

LOADS = {
    "short script": "one()\n",
    "interpreter": "for _ in range(COUNT): one()\n",
    "threads": (
        """
import threading
def run():
    for _ in range(COUNT // 8): one()
threads = [threading.Thread(target=run) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
"""
    ),
    "short forks": (
        """
for _ in range(COUNT):
    child = os.fork()
    if child == 0:
        one(); os._exit(0)
    os.waitpid(child, 0)
"""
    ),
    "forked pool": (
        """
import multiprocessing
def work(_): one()
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(4) as pool: pool.map(work, range(COUNT), chunksize=1)
"""
    ),
    "spawned pool": (
        """
import multiprocessing
def work(script):
    global SCRIPT
    SCRIPT = script
    one()
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool: pool.map(work, [SCRIPT] * COUNT, chunksize=1)
"""
    ),
    "asyncio": (
        """
import asyncio
async def run():
    for _ in range(COUNT // 10):
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(b"POST / HTTP/1.1\\r\\nX-Truth: " + json.dumps({"pid": os.getpid(), "script": SCRIPT}).encode() + b"\\r\\n\\r\\n")
        await reader.read(200); writer.close()
async def main(): await asyncio.gather(*(run() for _ in range(10)))
asyncio.run(main())
"""
    ),
    "curl child": (
        """
import subprocess
for _ in range(COUNT):
    truth = json.dumps({"script": SCRIPT, "script_pid": os.getpid(), "program": "curl"})
    subprocess.run(["curl", "-s", "-o", os.devnull, "--noproxy", "*", "-X", "POST", "-H", "X-Truth: " + truth, "http://127.0.0.1:%d/" % PORT])
"""
    ),
    "keep-alive pool": (
        """
for _ in range(COUNT // 10):
    pool = [dial() for _ in range(10)]
    for _ in range(5):
        for s in pool: ask(s)
    for s in pool: s.close()
"""
    ),
    "shared over fork": (
        """
for _ in range(COUNT):
    s = dial(); ask(s)
    child = os.fork()
    if child == 0:
        ask(s, shared=True); os._exit(0)
    os.waitpid(child, 0); s.close()
"""
    ),
}

SHARES = {
    "short script": 4,
    "interpreter": 20,
    "threads": 20,
    "short forks": 12,
    "forked pool": 12,
    "spawned pool": 6,
    "asyncio": 12,
    "curl child": 4,
    "keep-alive pool": 8,
    "shared over fork": 2,
}
"""Percent of all connections."""

LINE_CLIENTS = {
    "urllib": (
        "import urllib.request\ndef send(url, text):\n    return urllib.request.urlopen(url,"
        " data=text().encode()).read()\n"
    ),
    "requests": (
        "import requests\nsession = requests.Session()\ndef send(url, text):\n    return"
        " session.post(url, data=text(), timeout=60)\n"
    ),
    "httpx": (
        "import httpx\nclient = httpx.Client(timeout=60)\ndef send(url, text):\n    return"
        " client.post(url, content=text())\n"
    ),
    "openai": (
        "import openai\nclient = openai.OpenAI(api_key='none', base_url=URL + '/v1',"
        " max_retries=0)\ndef send(url, text):\n    return"
        " client.chat.completions.create(model='m', messages=[{'role': 'user', 'content':"
        " text()}])\n"
    ),
    "anthropic": (
        "import anthropic\nclient = anthropic.Anthropic(api_key='none', base_url=URL,"
        " max_retries=0)\ndef send(url, text):\n    return client.messages.create(model='m',"
        " max_tokens=9, messages=[{'role': 'user', 'content': text()}])\n"
    ),
    "boto3": (
        "import boto3\nfrom botocore.config import Config\nclient = boto3.client('s3',"
        " endpoint_url=URL, region_name='eu-west-1', aws_access_key_id='none',"
        " aws_secret_access_key='none', config=Config(s3={'addressing_style': 'path'},"
        " retries={'max_attempts': 0}))\ndef send(url, text):\n    return"
        " client.put_object(Bucket='b', Key='k', Body=text().encode())\n"
    ),
    "asyncio httpx": (
        "import asyncio, httpx\nasync def post(url, text):\n    async with httpx.AsyncClient() as"
        " client:\n        return await client.post(url, content=text())\ndef send(url, text):\n   "
        " return asyncio.run(post(url, text))\n"
    ),
}
LINE_MAIN = """
import sys, threading
def text():
    return "LINE=%d;" % sys._getframe(1).f_lineno
def run():
    for _ in range(COUNT):
        try: send(URL + "/", text)
        except Exception as error:
            if "onnect" in type(error).__name__: raise
threads = [threading.Thread(target=run) for _ in range(THREADS)]
[t.start() for t in threads]; [t.join() for t in threads]
"""
