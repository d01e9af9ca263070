"""The Flask app that has been there all along: it logs users in, and shows their notes."""
import os

from flask import Flask, flash, get_flashed_messages, redirect, request, session
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from markupsafe import escape
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SAMESITE="Lax")
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
CSRFProtect(app)
login = LoginManager(app)
login.login_view = "sign_in"


class User(UserMixin):
    def __init__(self, id, name, password):
        self.id, self.name, self.hash = id, name, generate_password_hash(password, "pbkdf2:sha256:1000")


users = {"1": User("1", "Ann", "ann's password")}


@login.user_loader
def load_user(id):
    return users.get(id)


def page(title, body):
    messages = "".join(f'<p role="status">{escape(message)}</p>' for message in get_flashed_messages())
    name = escape(current_user.name) if current_user.is_authenticated else "nobody"
    return f"""<!doctype html>
<html lang="en"><head><title>{title}</title></head>
<body><h1>{title}</h1>{messages}<p id="user">{name}</p>{body}</body></html>"""


@app.get("/")
def index():
    visits = session.get("visits", 0)
    return page("Flask", f'<p><a href="/notes">Notes</a> <a href="/reports">Reports</a></p><p id="visits">{visits}</p>')


@app.route("/sign-in", methods=["GET", "POST"])
def sign_in():
    if request.method == "POST":
        user = next((user for user in users.values() if user.name == request.form["name"]), None)
        if user and check_password_hash(user.hash, request.form["password"]):
            login_user(user, remember="remember" in request.form)
            flash("Welcome, from Flask.")
            return redirect(request.args.get("next") if (request.args.get("next") or "").startswith("/r") else "/")
        flash("That is not right.")
    return page(
        "Sign in",
        f"""<form method="post"><input type="hidden" name="csrf_token" value="{generate_csrf()}">
        <label>Name <input name="name"></label> <label>Password <input name="password" type="password"></label>
        <label><input type="checkbox" name="remember"> Remember me</label> <button>Sign in</button></form>""",
    )


@app.get("/notes")
@login_required
def notes():
    return page("Notes", "<p>The notes are still in Flask.</p>")


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
