"""The nine screens of the notice: path, name, and the personal data that each one shows."""

TEXT = "text"
AREA = "area"

FIELDS = {
    "name": "氏名",
    "lifeline": "ライフラインチャート",
    "history": "更新履歴",
    "sex": "性別",
    "birthday": "生年月日",
    "user_type": "ユーザータイプ",
    "purpose": "利用目的",
    "address": "住所",
    "login_mail": "ログイン通知メール",
    "news_mail": "お知らせメール",
    "interest": "興味・関心",
    "mail": "メールアドレス",
    "phone": "携帯電話番号",
    "a1": "【A-1】ライフラインチャート",
    "a2": "【A-2】社会人になって仕事を始めてから(前職も含めて)、自分に影響を与え、"
          "印象に強く残っている経験・出来事",
    "a3": "【A-3】仕事を選ぶ上でのこだわり(大事にしたい価値観)",
    "a4": "【A-4】価値観、興味・関心事項等(大事にしたい価値観、興味・関心を持っていることなどを記入)",
    "b1": "【B-1】自分の「強み」と「弱み」",
    "b2": "【B-2】生かしたい自分の強みと改善したい自分の弱み",
    "b3": "【B-3】強み等(自分の強み、弱みを克服するために努力していることなどを記入)",
    "c1": "【C-1】周囲からの期待",
    "c2": "【C-2】プライベートに関して留意するべき事項",
    "d1": "【D-1】将来取り組みたい仕事や働き方等(今後やってみたい仕事(職種)や働き方、"
          "仕事で達成したいことなどを記入)",
    "d2": "【D-2】これから取り組むこと等(今後向上・習得すべき職業能力や、その方法などを記入)",
    "d3": "【D-3】その他(以上から、自己PRやキャリアコンサルティングで相談したいことなどを自由記入)",
    "career": "職務経歴",
    "licence": "免許・資格",
    "study": "学習歴・訓練歴",
}

_PLAN = ("a1", "a2", "a3", "a4", "b1", "b2", "b3", "c1", "c2", "d1", "d2", "d3")
_PROFILE = ("sex", "birthday", "user_type", "purpose", "address", "login_mail", "news_mail",
            "interest")


class Screen:
    """One personal page. `shows` are keys of FIELDS, `edits` those that its form saves."""

    def __init__(self, path, name, shows, edits=()):
        self.path = path
        self.name = name
        self.shows = shows
        self.edits = edits


SCREENS = (
    Screen("/mypage/top", "マイページのトップ画面", ("name", "lifeline", "history")),
    Screen("/mypage/account", "アカウント登録情報の確認画面",
           ("name",) + _PROFILE + ("mail", "phone")),
    Screen("/mypage/account/edit", "アカウント情報の変更画面", ("name",) + _PROFILE, _PROFILE),
    Screen("/mypage/plan", "キャリア・プラン作成補助シート(在職者用)編集画面",
           ("name", "birthday") + _PLAN, _PLAN),
    Screen("/mypage/form2/edit", "様式2の編集画面", ("name", "career"), ("career",)),
    Screen("/mypage/form2/preview", "様式2のプレビュー", ("name", "career")),
    Screen("/mypage/form3-1/edit", "様式3-1編集画面", ("name", "licence"), ("licence",)),
    Screen("/mypage/form3-2/edit", "様式3-2編集画面", ("name", "study"), ("study",)),
    Screen("/mypage/inquiry", "お問い合わせ画面", ("name", "sex", "mail", "user_type")),
)

BY_PATH = {screen.path: screen for screen in SCREENS}

# path: (file name, media type, keys shown)
DOWNLOADS = {
    "/mypage/download/career.csv": ("career.csv", "text/csv; charset=utf-8", ("name", "career")),
    "/mypage/download/study.csv": ("study.csv", "text/csv; charset=utf-8",
                                   ("name", "licence", "study")),
    "/mypage/download/form2.txt": ("form2.txt", "text/plain; charset=utf-8", ("name", "career")),
}
