"""Templates. A personal page is drawn from one record, the marker in its head included."""
from html import escape

from screens import FIELDS, SCREENS, DOWNLOADS

TITLE = "見本ジョブ・カード"


def page(title, content, head=""):
    return (f'<!DOCTYPE html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">\n{head}'
            f"<title>{escape(title)} | {TITLE}</title>\n</head>\n<body>\n"
            f'<header><a href="/">{TITLE}</a></header>\n<main>\n<h1>{escape(title)}</h1>\n'
            f"{content}</main>\n</body>\n</html>\n")


def owner_marker(user_id):
    """The one line that the operator added to the template of the personal pages."""
    return f'<meta name="user-marker" content="{escape(user_id, quote=True)}">\n'


def personal(screen, user_id, record, news, form_token):
    rows = "".join(f"<tr><th>{escape(FIELDS[key])}</th><td>{escape(record[key])}</td></tr>\n"
                   for key in screen.shows)
    content = (f"<p>お知らせ {news} 件</p>\n{menu()}<table>\n{rows}</table>\n"
               f"{edit_form(screen, record, form_token)}{logout_form(form_token)}")
    return page(screen.name, content, owner_marker(user_id))


def menu():
    links = [(screen.path, screen.name) for screen in SCREENS]
    links += [(path, name) for path, (name, _, _) in DOWNLOADS.items()]
    items = "".join(f'<li><a href="{path}">{escape(name)}</a></li>\n' for path, name in links)
    return f"<nav><ul>\n{items}</ul></nav>\n"


def edit_form(screen, record, form_token):
    if screen.path == "/mypage/inquiry":
        inputs = "<textarea name=\"body\"></textarea>\n"
    elif screen.edits:
        inputs = "".join(f'<label>{escape(FIELDS[key])}<textarea name="{key}">'
                         f"{escape(record[key])}</textarea></label>\n" for key in screen.edits)
    else:
        return ""
    return (f'<form method="post" action="{screen.path}">\n{inputs}'
            f'{hidden(form_token)}<button>保存</button>\n</form>\n')


def logout_form(form_token):
    return (f'<form method="post" action="/logout">{hidden(form_token)}'
            "<button>ログアウト</button></form>\n")


def hidden(form_token):
    return f'<input type="hidden" name="form_token" value="{form_token}">\n'


def login(failed):
    notice = "<p class=\"error\">ユーザーIDまたはパスワードが違います。</p>\n" if failed else ""
    return page("ログイン", notice + (
        '<form method="post" action="/login">\n'
        '<label>ユーザーID<input name="userid" autocomplete="username"></label>\n'
        '<label>パスワード<input name="password" type="password"></label>\n'
        "<button>ログイン</button>\n</form>\n"))


def public_form(title, action, form_token=None):
    token = hidden(form_token) if form_token else ""
    return page(title, f'<form method="post" action="{action}">\n'
                       f'<textarea name="body"></textarea>\n{token}<button>送信</button>\n</form>\n')


def voices(messages, raw):
    """What visitors sent in, shown to everybody; `raw` forgets to escape it."""
    items = "".join(f"<li>{text if raw else escape(text)}</li>\n" for text in messages)
    return page("みなさまの声", f"<ul>\n{items}</ul>\n")


HOME = page("トップページ", '<p>これは事故を再現するための見本サイトです。</p>\n<ul>\n'
            '<li><a href="/login">ログイン</a></li>\n<li><a href="/news">お知らせ</a></li>\n'
            '<li><a href="/help">ヘルプ</a></li>\n<li><a href="/contact">ご意見</a></li>\n'
            '<li><a href="/seminar">セミナー申込</a></li>\n'
            '<li><a href="/voices">みなさまの声</a></li>\n</ul>\n')
NEWS = page("お知らせ", "<p>新しいお知らせはありません。</p>\n")
HELP = page("ヘルプ", "<p>ログインするとマイページが表示されます。</p>\n")
SENT = page("受付完了", "<p>送信を受け付けました。</p>\n")
NOT_FOUND = page("ページが見つかりません", "<p>404</p>\n")
FORBIDDEN = page("送信できませんでした", "<p>画面を開き直してください。</p>\n")
NOT_ALLOWED = page("この操作はできません", "<p>405</p>\n")
BROKEN = page("システムエラー", "<p>しばらくしてからもう一度お試しください。</p>\n")
