"""Plays one journey against a sandbox with Telethon 1.25.1, a client that nobody here wrote.

It talks to the test that started it by lines of JSON: what happened goes to standard output, what somebody else did comes from standard
input. Any surprise ends it with a trace and a non-zero exit code.
"""
import argparse
import asyncio
import hashlib
import json
import sys

from telethon import TelegramClient, events, errors
from telethon.crypto import rsa
from telethon.network import (
    ConnectionTcpAbridged,
    ConnectionTcpFull,
    ConnectionTcpIntermediate,
    ConnectionTcpObfuscated,
)
from telethon.sessions import StringSession

TRANSPORTS = {
    'full': ConnectionTcpFull,
    'intermediate': ConnectionTcpIntermediate,
    'abridged': ConnectionTcpAbridged,
    'obfuscated': ConnectionTcpObfuscated,
}


def tell(event, **fields):
    print(json.dumps({'event': event, **fields}), flush=True)


async def heard():
    """What the test says next."""
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    if not line:
        raise EOFError('the test has closed its side')
    return json.loads(line)


async def sign_in_by_code(client, args):
    await client.send_code_request(args.phone)
    try:
        await client.sign_in(args.phone, '00000')
        raise AssertionError('a wrong code was accepted')
    except errors.PhoneCodeInvalidError:
        tell('wrong_code')
    try:
        await client.sign_in(args.phone, args.code)
    except errors.SessionPasswordNeededError:
        tell('password_needed')
        await sign_in_with_password(client, args)


async def sign_in_with_password(client, args):
    try:
        await client.sign_in(password='not the password')
        raise AssertionError('a wrong password was accepted')
    except errors.PasswordHashInvalidError:
        tell('wrong_password')
    await client.sign_in(password=args.password)


async def sign_in_by_qr(client, args):
    login = await client.qr_login()
    tell('qr', url=login.url)
    try:
        await login.wait(timeout=20)
    except errors.SessionPasswordNeededError:
        tell('password_needed')
        await sign_in_with_password(client, args)


async def talk(client):
    """Sends what the test asks for and reports what arrives, until the test says that it is enough."""
    @client.on(events.NewMessage(incoming=True))
    async def _(event):
        reply = event.message.reply_to_msg_id
        if event.message.file:
            data = await client.download_media(event.message, bytes)
            tell('file', kind='photo' if event.photo else 'voice' if event.voice else 'document', text=event.raw_text, name=event.file.name,
                 sha256=hashlib.sha256(data).hexdigest(), album=event.message.grouped_id, id=event.message.id)
            return
        tell('received', chat=event.chat_id, sender=event.sender_id, text=event.raw_text, reply_to=reply, id=event.message.id)

    @client.on(events.MessageEdited(incoming=True))
    async def _(event):
        tell('edited', text=event.raw_text, id=event.message.id, bold=[t for _, t in event.message.get_entities_text()])

    @client.on(events.MessageDeleted())
    async def _(event):
        tell('deleted', ids=event.deleted_ids)

    tell('listening')
    while True:
        order = await heard()
        if order['order'] == 'send':
            message = await client.send_message(order['to'], order['text'], reply_to=order.get('reply_to'))
            tell('sent', id=message.id, text=message.raw_text)
        elif order['order'] == 'send_file':
            files = order['files'] if len(order['files']) > 1 else order['files'][0]
            sent = await client.send_file(order['to'], files, caption=order.get('caption', ''), voice_note=order.get('voice', False),
                                          force_document=order.get('document', False))
            tell('sent_file', ids=[m.id for m in (sent if isinstance(sent, list) else [sent])])
        elif order['order'] == 'edit':
            await client.edit_message(order['of'], order['id'], order['text'])
            tell('changed')
        elif order['order'] == 'delete':
            await client.delete_messages(order['of'], [order['id']], revoke=True)
            tell('changed')
        elif order['order'] == 'forward':
            sent = await client.forward_messages(order['to'], order['id'], order['of'])
            tell('forwarded', id=sent.id)
        elif order['order'] == 'dialogs':
            dialogs = await client.get_dialogs()
            tell('dialogs', names=[d.name for d in dialogs], unread={d.name: d.unread_count for d in dialogs})
        elif order['order'] == 'history':
            messages = await client.get_messages(order['of'], limit=order['limit'])
            tell('history', texts=[m.raw_text for m in messages], total=messages.total)
        elif order['order'] == 'people':
            entity = await client.get_entity(order['name'])
            tell('person', id=entity.id, name=entity.first_name)
        elif order['order'] == 'catch_up':
            await client.catch_up()
            tell('caught_up')
        elif order['order'] == 'session':
            tell('session', text=StringSession.save(client.session))
        elif order['order'] == 'stop':
            return
        elif order['order'] == 'log_out':
            await client.log_out()
            tell('logged_out')
            return
        else:
            raise AssertionError('an unknown order: %s' % order)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--login', choices=['code', 'qr', 'none'], required=True)
    parser.add_argument('--session', default='', help='a string session to go on with')
    parser.add_argument('--transport', choices=sorted(TRANSPORTS), required=True)
    parser.add_argument('--dc', type=int, required=True)
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--key', required=True, help='file with the public key')
    parser.add_argument('--phone', default='')
    parser.add_argument('--code', default='')
    parser.add_argument('--password', default='')
    args = parser.parse_args()

    rsa._server_keys.clear()
    with open(args.key) as key:
        rsa.add_key(key.read(), old=False)
    session = StringSession(args.session)
    if not args.session:
        session.set_dc(args.dc, '127.0.0.1', args.port)
    TelegramClient._config = None
    client = TelegramClient(
        session, 1, 'hash', connection=TRANSPORTS[args.transport], connection_retries=1, device_model='Telethon', app_version='1.25.1')
    client.parse_mode = None
    await client.connect()
    tell('connected')

    if args.login != 'none':
        await (sign_in_by_code if args.login == 'code' else sign_in_by_qr)(client, args)
    me = await client.get_me()
    tell('signed_in', id=me.id, phone=me.phone, dc=client.session.dc_id)
    await talk(client)
    await client.disconnect()


asyncio.run(main())
