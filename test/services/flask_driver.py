"""Answers JSON lines with what Flask and its extensions make of them."""
import json
import sys

from flask import Flask, session
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager
from flask_login.utils import decode_cookie, encode_cookie
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import URLSafeTimedSerializer
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import ValidationError

tagged = TaggedJSONSerializer()


def answer(app, op, value):
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    if op == "write":
        return [serializer.dumps(tagged.loads(text)) for text in value]
    if op == "read":
        return [tagged.dumps(serializer.loads(cookie)) for cookie in value]
    if op == "refuse":
        refused = 0
        for cookie in value:
            try:
                serializer.loads(cookie)
            except Exception:
                refused += 1
        return refused
    if op == "sign token":
        return URLSafeTimedSerializer(app.secret_key, salt=value["purpose"]).dumps(value["data"])
    if op == "read token":
        return URLSafeTimedSerializer(app.secret_key, salt=value["purpose"]).loads(value["token"], max_age=60)
    if op == "hash":
        return [generate_password_hash(password, method) for password, method in value]
    if op == "check":
        return [check_password_hash(stored, password) for stored, password in value]
    with app.test_request_context("/"):
        if op == "remember":
            return [encode_cookie(user) for user in value]
        if op == "recall":
            return [decode_cookie(cookie) for cookie in value]
        if op == "csrf":
            token = generate_csrf()
            return {"token": token, "session": serializer.dumps(dict(session))}
        if op == "validate":
            session.update(serializer.loads(value["session"]))
            try:
                validate_csrf(value["token"])
                return "valid"
            except ValidationError as error:
                return str(error)
    raise ValueError(op)


for line in sys.stdin:
    message = json.loads(line)
    app = Flask(__name__)
    app.secret_key = message["key"]
    LoginManager(app)
    print(json.dumps(answer(app, message["op"], message["value"])), flush=True)
