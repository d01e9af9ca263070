"""Flask as its documentation says, with Flask-WTF's check against cross-site requests."""
from pathlib import Path

from flask import Flask, flash, get_flashed_messages, jsonify, redirect, render_template_string, request, session
from flask_wtf.csrf import CSRFProtect

folder = Path(__file__).parent.parent / "generated" / "static"
app = Flask(__name__, static_folder=str(folder), static_url_path="/static")
app.config.update(SECRET_KEY="a secret key for measuring, which is long enough", WTF_CSRF_SSL_STRICT=False, JSONIFY_PRETTYPRINT_REGULAR=False)
csrf = CSRFProtect(app)
rows = [{"id": i + 1, "name": f"Person <{i}> & Co", "email": f"person{i}@example.com", "amount": i * 37 % 1000} for i in range(50)]
always = {"x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin", "x-frame-options": "SAMEORIGIN"}
html = {"content-security-policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'self'", "cross-origin-opener-policy": "same-origin"}
layout = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{}</title></head>
<body>
<nav><a href="/">Home</a> <a href="/page">People</a></nav>
{}
</body>
</html>
"""
page = layout.format("People", """<h1>People</h1>
<table>
{% for row in rows %}
<tr><td>{{ row.id }}</td><td>{{ row.name }}</td><td><a href="mailto:{{ row.email }}">{{ row.email }}</a></td><td>{{ row.amount }}</td></tr>
{% endfor %}
</table>""")
board = layout.format("Dashboard", """{% for message in get_flashed_messages() %}<p class="flash">{{ message }}</p>{% endfor %}
<h1>Hello, {{ session.get("user", "") }}</h1>""")
not_found = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>404 Not Found</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:15vh auto;padding:0 1rem}</style>
<h1>Not Found</h1>
<p>There is no page at this address. If you typed the address, check it for mistakes.</p>
</html>
"""


@app.after_request
def headers(response):
    response.headers.update(always)
    if response.mimetype == "text/html":
        response.headers.update(html)
    return response


@app.get("/")
def index():
    return "Hello, world!"


for number in range(499):
    app.add_url_rule(f"/things{number}/<int:id>", f"thing{number}", lambda id: jsonify(index=0))


@app.get("/users/<int:id>")
def user(id):
    return {"id": id, "name": "Ann", "roles": ["admin", "author"]}


@app.get("/page")
def people():
    return render_template_string(page, rows=rows)


@app.get("/enter")
def enter():
    session["user"] = "Ann"
    flash("Saved <1>.")
    return ""


@app.get("/dashboard")
def dashboard():
    return render_template_string(board)


@csrf.exempt
@app.post("/api/posts")
def create():
    post = request.get_json()
    valid = isinstance(post.get("title"), str) and 3 <= len(post["title"]) <= 80 and isinstance(post.get("tags"), list)
    if not valid or not isinstance(post.get("rating"), int) or not 1 <= post["rating"] <= 5:
        return {"error": "invalid"}, 422
    return {**post, "id": 1}, 201


@app.errorhandler(404)
def missing(_error):
    return not_found, 404, {"cache-control": "no-store"}
