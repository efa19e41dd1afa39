"""Debian's Telethon under measurement, step by step like MeasuredClient.cs: each line read is a step, each step ends with a line."""
import asyncio
import json
import logging
import resource
import sys
import time

from telethon import TelegramClient, functions, types
from telethon.crypto import rsa
from telethon.network import ConnectionTcpAbridged
from telethon.sessions import StringSession

logging.disable(logging.CRITICAL)


def client_of(world, account):
    # Its best settings for this: the lightest transport, the session in memory, nothing logged.
    return TelegramClient(StringSession(account['telethon']), 4242, 'hash', connection=ConnectionTcpAbridged)


async def start(client):
    await client.connect()
    await client.get_me()
    await client.catch_up()


async def ask(client, count, depth):
    left = count
    request = functions.users.GetUsersRequest([types.InputUserSelf()])

    async def worker():
        nonlocal left
        while left > 0:
            left -= 1
            await client(request)

    before = time.process_time()
    await asyncio.gather(*(worker() for _ in range(depth)))
    return count / (time.process_time() - before)


async def main():
    path, depth = sys.argv[1], int(sys.argv[2])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with open(path) as f:
        world = json.load(f)
    rsa.add_key(world['publicKey'], old=False)
    running = []
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        step, *rest = line.split()
        argument = int(rest[0]) if rest else 0
        if step == 'connect':
            began = time.monotonic()
            added = [client_of(world, a) for a in world['accounts'][len(running):len(running) + argument]]
            running += added
            await asyncio.gather(*(start(c) for c in added))
            print(time.monotonic() - began, flush=True)
        elif step == 'dialogs':
            counts = []
            for client in running:
                counts.append(len(await client.get_dialogs(limit=100)))
            print(min(counts), flush=True)
        elif step == 'rpc':
            print(await ask(running[0], argument, depth), flush=True)
        else:
            raise AssertionError('no step is called %s' % line)


asyncio.run(main())
