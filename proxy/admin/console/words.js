// Every text of the console: [English, Japanese, and if need be the English of exactly one]. {name} is
// filled in by say().

const WORDS = {
  // Frame
  "skip": ["Skip to the content", "本文へ移動"],
  "language": ["Language", "言語"],
  "theme": ["Colours", "配色"],
  "theme.auto": ["As the system", "システムに合わせる"],
  "theme.light": ["Light", "ライト"],
  "theme.dark": ["Dark", "ダーク"],
  "sign-out": ["Sign out", "サインアウト"],
  "pages": ["Pages", "ページ"],
  "page.overview": ["Overview", "概要"],
  "page.incidents": ["Incidents", "事案"],
  "page.traffic": ["Traffic", "通信"],
  "page.alerts": ["Alerts and drill", "通知と訓練"],
  "page.sessions": ["Sessions", "セッション"],
  "page.config": ["Configuration", "設定"],
  "role.viewer": ["viewer", "閲覧者"],
  "role.operator": ["operator", "運用者"],
  "needs-operator": ["Only a token of an operator may do this.", "この操作には運用者のトークンが必要です。"],
  "loading": ["Loading …", "読み込み中…"],
  "unreachable": ["The proxy does not answer. What you see may be old; it is asked again.", "プロキシが応答しません。表示は古い可能性があります。再試行しています。"],
  "unreachable.change": ["The proxy does not answer. Whether this was done is not known: look again before you repeat it.", "プロキシが応答しません。実行されたかどうかは不明です。再操作の前に状態を確認してください。"],
  "none": ["none", "なし"],
  "yes": ["yes", "はい"],
  "no": ["no", "いいえ"],
  "never": ["never", "なし"],
  "cancel": ["Cancel", "取消"],
  "zone": ["Times are in {zone}.", "日時は {zone} です。"],
  "first-of": ["The first {shown} of {all}.", "全{all}件のうち最初の{shown}件。"],

  // Sign in
  "sign-in": ["Sign in", "サインイン"],
  "sign-in.why": ["Your token is the line of text in the file that admin.tokens names as your token_file, in the configuration of the proxy. It stays in this tab and goes nowhere but to this proxy.", "トークンは、プロキシの設定の admin.tokens で token_file に指定されたファイルにある1行の文字列です。このタブだけに保持され、このプロキシ以外には送られません。"],
  "token": ["Token", "トークン"],
  "token.wrong": ["This token is not known here.", "このトークンは登録されていません。"],
  "token.missing": ["Enter a token.", "トークンを入力してください。"],

  // States
  "state.up": ["up", "稼働中"],
  "state.down": ["down", "停止中"],
  "state.trial": ["on trial", "試験再開中"],
  "state.open": ["open", "継続中"],
  "state.closed": ["closed", "終結"],
  "state.waiting": ["waiting", "送信待ち"],
  "state.done": ["delivered", "送信済み"],
  "state.stopped": ["stopped", "停止"],
  "state.given-up": ["given up", "断念"],
  "ready.ready": ["ready", "稼働中"],
  "ready.starting": ["starting", "起動中"],
  "ready.draining": ["draining", "終了処理中"],
  "ready.no route can be served": ["no route can be served", "応答できる経路がありません"],
  "mode.enforce": ["enforcing", "遮断モード"],
  "mode.observe": ["observing only", "監視のみ"],
  "head.drill": ["{name} (drill)", "{name}（訓練）"],
  "head.down": ["{names} down", "{names} 停止中"],
  "head.trial": ["{names} on trial", "{names} 試験再開中"],
  "head.up": ["All features up", "全機能 稼働中"],
  "head.up.open": ["All features up, {count} incidents open", "全機能 稼働中・継続中の事案 {count} 件", "All features up, 1 incident open"],

  // Overview
  "all-up": ["Everything is up", "すべて稼働しています"],
  "all-up.why": ["No feature is down and no incident is open.", "停止中の機能も継続中の事案もありません。"],
  "is-down": ["{name} is down", "「{name}」は停止中です"],
  "is-trial": ["{name} is on trial", "「{name}」は試験再開中です"],
  "still-down": ["{name} is still down. Once the cause is removed, bring it up.", "「{name}」はまだ停止中です。原因を取り除いたら再開してください。"],
  "still-trial": ["{name} is still on trial. If it is well there, bring it up for everybody.", "「{name}」はまだ試験再開中です。問題がなければ全員に再開してください。"],
  "incident-open": ["Incident {id} is open", "事案 {id} が継続中です"],
  "observing": ["Nothing is enforced", "遮断していません"],
  "observing.why": ["Findings are recorded and alerted; responses are delivered all the same.", "検知は記録・通知されますが、応答はそのまま送られます。"],
  "would-have": ["would have been refused: {refused}, taken down: {down}", "遮断したはずの応答 {refused} 件、停止したはずの機能 {down} 件"],
  "ledger-failing": ["The ledger cannot be written", "台帳に書き込めません"],
  "ledger-failing.why": ["Routes that require a marker answer 503 until it writes again. See whether the disk is full.", "書き込めるようになるまで、標識が必須の経路は 503 を返します。ディスクの空きを確認してください。"],
  "since": ["Since", "開始"],
  "since.down": ["Down since", "停止"],
  "since.trial": ["On trial since", "試験再開"],
  "by.start": ["start", "起動"],
  "by": ["By", "操作者"],
  "reason": ["Reason", "理由"],
  "incident": ["Incident", "事案"],
  "comes-up": ["Comes up at", "再開予定"],
  "what-happened": ["What happened", "何が起きたか"],
  "whose.none": ["Who would have seen whose data", "誰が誰の情報を見るところだったか"],
  "whose.some": ["Who saw, or would have seen, whose data", "誰が誰の情報を見たか、見るところだったか"],
  "whose.all": ["Who saw whose data", "誰が誰の情報を見たか"],
  "saw": ["{viewer} was to see the data of {subject}", "{viewer} に {subject} の情報が表示されるところでした"],
  "saw.left": ["{viewer} was shown data of {subject}", "{viewer} に {subject} の情報が表示されました"],
  "and-more": ["and {count} more", "ほか {count} 件"],
  "screen-data": ["Screen and data", "画面と情報"],
  "cases-count": ["{count} cases", "{count}件", "1 case"],
  "what-left": ["What left the proxy", "プロキシから出たもの"],
  "nothing-left": ["nothing, it was withheld ({count})", "なし。すべて遮断（{count}件）"],
  "some-left": ["{delivered} delivered, {cut} cut, {withheld} withheld", "送信 {delivered}、中断 {cut}、遮断 {withheld}"],
  "open-incident": ["Look at incident {id}", "事案 {id} を見る"],
  "features": ["Features", "機能"],
  "figures": ["Now", "現在"],
  "requests-rate": ["requests a second", "リクエスト／秒"],
  "withheld": ["responses withheld since the start", "遮断した応答（起動以降）", "response withheld since the start"],
  "left": ["responses with foreign data that left since the start", "他人の情報が出た応答（起動以降）", "response with foreign data that left since the start"],
  "left.open": ["responses with foreign data that left, in open incidents", "他人の情報が出た応答（継続中の事案）", "response with foreign data that left, in open incidents"],
  "sessions-known": ["sessions known", "把握中のセッション", "session known"],
  "coverage-lowest": ["lowest coverage of a required marker", "必須標識の最低付与率"],
  "alerts-waiting": ["alerts waiting", "送信待ちの通知", "alert waiting"],
  "incidents-open": ["incidents open", "継続中の事案", "incident open"],
  "response-p99": ["99 of 100 answers since the start within", "応答時間（99％、起動以降）"],
  "live": ["Live findings", "検知の速報"],
  "live.on": ["live", "受信中"],
  "live.off": ["not connected; trying again", "未接続・再接続中"],
  "live.empty": ["Nothing yet.", "まだありません。"],

  // Events
  "event.incident.opened": ["incident opened", "事案発生"],
  "event.incident.closed": ["incident closed", "事案終結"],
  "event.display": ["display", "表示"],
  "event.feature.down": ["taken down", "機能停止"],
  "event.feature.up": ["brought up", "機能再開"],
  "event.feature.trial": ["on trial", "試験再開"],
  "event.other": ["event", "記録"],
  "announce.drill": ["drill, {what}: {about}", "訓練、{what}：{about}"],
  "announce": ["{what}: {about}", "{what}：{about}"],

  // Changing a feature
  "do.down": ["Take down …", "停止する…"],
  "do.trial": ["Trial …", "試験再開…"],
  "do.up": ["Bring up …", "再開する…"],
  "do.up.name": ["Bring {name} up …", "「{name}」を再開する…"],
  "ask.down": ["Take {name} down", "「{name}」を停止する"],
  "ask.trial": ["Open {name} to the networks of its trial", "「{name}」を試験用ネットワークにだけ再開する"],
  "ask.up": ["Bring {name} up", "「{name}」を再開する"],
  "ask.down.why": ["Its pages answer 503 for everybody from now on. The rest of the site stays up.", "この機能のページは全員に 503 を返します。サイトの他の部分は動き続けます。"],
  "ask.trial.why": ["Only clients of the networks in features[].trial get through.", "features[].trial のネットワークからのみ利用できます。"],
  "ask.up.why": ["Has the cause been found and removed?", "原因は特定され、除かれましたか。"],
  "confirm.down": ["Take {name} down", "「{name}」を停止する"],
  "confirm.trial": ["Put {name} on trial", "「{name}」を試験再開する"],
  "confirm.up": ["Bring {name} up", "「{name}」を再開する"],
  "reason.hint": ["It is kept with your name.", "あなたの名前とともに記録されます。"],
  "reason.missing": ["A reason is needed.", "理由を入力してください。"],
  "when": ["When", "時期"],
  "when.now": ["Now", "今すぐ"],
  "when.at": ["At a time", "日時を指定"],
  "when.missing": ["Which time?", "日時を入力してください。"],
  "anyway": ["Even though incident {id} is open", "事案 {id} が継続中でも再開する"],
  "anyway.missing": ["Incident {id} is open. Close it first, or tick “{anyway}”.", "事案 {id} が継続中です。先に終結するか、「{anyway}」にチェックを入れてください。"],
  "blocked": ["{what}: {why}", "{what}：{why}"],
  "no-trial": ["No networks are named in features[].trial.", "features[].trial にネットワークがありません。"],
  "is-already": ["It is {state} already.", "すでに{state}です。"],
  "done": ["Done.", "完了しました。"],

  // Incidents
  "incidents.open": ["Open", "継続中"],
  "incidents.all": ["All", "すべて"],
  "incidents.none": ["There is none.", "ありません。"],
  "number": ["No.", "番号"],
  "feature": ["Feature", "機能"],
  "state": ["State", "状態"],
  "opened": ["Opened", "発生"],
  "last": ["Last display", "最終表示"],
  "cases": ["Cases", "件数"],
  "persons": ["Persons", "人数"],
  "found-by": ["Found by", "検知"],
  "drill": ["drill", "訓練"],
  "back": ["All incidents", "事案一覧"],
  "incident.number": ["Incident {id}", "事案 {id}"],
  "incident.title": ["Incident {id}: {feature}", "事案 {id}：{feature}"],
  "unknown-incident": ["There is no such incident.", "その事案はありません。"],
  "strength.strong": ["strong", "確実"],
  "strength.weak": ["weak", "疑い"],
  "closed-at": ["Closed", "終結"],
  "closed-by": ["Closed by", "終結の操作者"],
  "closed-reason": ["Reason of closing", "終結の理由"],
  "close": ["Close the incident …", "事案を終結する…"],
  "close.ask": ["Close incident {id}", "事案 {id} を終結する"],
  "close.why": ["The next finding opens a new incident. The feature stays as it is.", "次の検知は新しい事案になります。機能の状態は変わりません。"],
  "close.confirm": ["Close the incident", "事案を終結する"],
  "reveal": ["Show names …", "実名を表示…"],
  "reveal.ask": ["Show the values instead of pseudonyms", "仮名の代わりに値を表示する"],
  "reveal.why": ["That you looked, and when, is recorded.", "閲覧したことと日時は記録されます。"],
  "reveal.confirm": ["Show names", "実名を表示する"],
  "revealed": ["Names are shown, and that {name} looked is on record.", "実名を表示しています。{name} の閲覧は記録されました。"],
  "conceal": ["Hide names", "実名を隠す"],
  "report.preliminary": ["Preliminary report", "報告書（速報）"],
  "report.final": ["Final report", "報告書（確報）"],
  "report.drill": ["Record of the drill", "訓練の記録"],
  "report.why": ["It opens in a window of its own, with the figures and the regulators' items; what only a person can know is written there. People are pseudonyms; countermark report --reveal has names.", "別のウィンドウに、集計と監督機関向けの項目が表示されます。担当者にしか分からない事項はそこに記入できます。人は仮名です。実名入りは countermark report --reveal で作れます。"],
  "report.html-en": ["English, for reading and printing", "英語（閲覧・印刷用）"],
  "report.html-ja": ["Japanese, for reading and printing", "日本語（閲覧・印刷用）"],
  "report.csv": ["CSV", "CSV"],
  "report.json": ["JSON", "JSON"],
  "report.making": ["The report is being made …", "報告書を作成しています…"],
  "report.blocked": ["The browser did not open a window; allow it for this page.", "ウィンドウを開けませんでした。このページのポップアップを許可してください。"],
  "timeline": ["Time line", "経過"],
  "timeline.none": ["Nothing happened in this time.", "記録はありません。"],
  "drawing.label": ["Drawing. Cases: {cases}, viewers: {viewers}, subjects: {subjects}. The list below tells the same.", "図。件数 {cases}、閲覧者 {viewers} 人、情報の持ち主 {subjects} 人。下の一覧と同じ内容です。"],
  "drawing.viewers.none": ["would have seen", "見るところだった人"],
  "drawing.viewers.some": ["saw or would have", "見た（ところだった）人"],
  "drawing.viewers.all": ["saw", "見た人"],
  "drawing.both": ["both", "両方"],
  "drawing.subjects": ["whose data", "情報の持ち主"],
  "drawing.key": ["An arrow leads from the viewer to whose data it was.", "矢印は閲覧者から情報の持ち主へ向きます。"],
  "drawing.withheld": ["withheld, no byte left the proxy", "遮断され、プロキシから出ていないもの"],
  "drawing.left": ["delivered or cut: bytes left the proxy", "送信または中断され、プロキシから出たもの"],
  "viewer": ["Viewer", "閲覧者"],
  "subject": ["Whose data", "情報の持ち主"],
  "screens": ["Screens and data", "画面と情報"],
  "screen": ["Screen", "画面"],
  "shows": ["Data on it", "表示される情報"],
  "comma": [", ", "、"],
  "displays": ["Displays", "表示回数"],
  "displays.withheld": ["displays withheld", "遮断した表示", "display withheld"],
  "displays.cut": ["displays cut", "中断した表示", "display cut"],
  "displays.delivered": ["displays delivered", "送信した表示", "display delivered"],
  "f.cases": ["cases", "件", "case"],
  "f.pairs": ["pairs", "組", "pair"],
  "f.mutual": ["of them mutual", "うち相互"],
  "f.subjects": ["persons whose data it was", "情報の持ち主（人）", "person whose data it was"],
  "f.viewers.none": ["persons who would have seen it", "見るところだった人", "person who would have seen it"],
  "f.viewers.some": ["persons who saw it, or would have", "見た人、見るところだった人", "person who saw it, or would have"],
  "f.viewers.all": ["persons who saw it", "見た人", "person who saw it"],
  "f.unidentified": ["of them unidentified", "うち不明"],
  "f.both": ["persons who are both", "両方の人", "person who is both"],
  "f.upper": ["not to be told: upper bound", "確認できない応答（上限）"],
  "connections": ["Connection history", "接続の履歴"],
  "connections.why": ["Upstream connections on which foreign data came, and what used them before.", "他人の情報が届いた上流接続と、その直前の利用。"],
  "connections.none": ["No connection is known.", "記録された接続はありません。"],
  "upstream": ["Server", "サーバー"],
  "connection": ["Connection", "接続"],
  "exchange-number": ["Exchange on it", "接続内の順番"],
  "exchange": ["Exchange", "交換"],
  "session": ["Session", "セッション"],
  "previous": ["The one before", "直前の交換"],
  "previous-session": ["Its session", "直前のセッション"],
  "evidence": ["Evidence: displays", "証拠：表示の記録"],
  "times": ["Times", "回数"],
  "first-at": ["First", "最初"],
  "last-at": ["Last", "最後"],
  "request": ["Request", "リクエスト"],
  "route": ["Route", "経路"],
  "status": ["Status", "ステータス"],
  "outcome": ["Outcome", "結果"],
  "outcome.withheld": ["withheld", "遮断"],
  "outcome.cut": ["cut", "中断"],
  "outcome.delivered": ["delivered", "送信"],
  "detectors": ["Detectors", "検知器"],
  "strength": ["Strength", "確度"],
  "marker": ["Marker", "標識"],
  "echoed": ["Echoed", "返された番号"],
  "body-size": ["Body", "本文"],
  "bytes": ["{count} bytes", "{count} バイト"],
  "confirmed": ["Viewer confirmed", "閲覧者の確認"],
  "one-of-two": ["One of two, not a case", "二人のどちらか（件数外）"],
  "client": ["Client address", "接続元"],
  "look-session": ["look it up", "調べる"],
  "deadlines": ["Deadlines of reports", "報告の期限"],
  "deadline.gdpr_33": ["GDPR, article 33 (72 hours)", "GDPR 33条（72時間）"],
  "deadline.appi_preliminary": ["APPI, preliminary report (3 days)", "個人情報保護法 速報（3日）"],
  "deadline.appi_preliminary_latest": ["APPI, preliminary report (5 days at the latest)", "個人情報保護法 速報（遅くとも5日）"],
  "deadline.appi_final": ["APPI, final report (30 days)", "個人情報保護法 確報（30日）"],
  "deadline.appi_final_wrongful": ["APPI, final report (60 days, wrongful purpose)", "個人情報保護法 確報（60日・不正目的）"],

  // Reasons that detectors give
  "why.other-owner": ["another user's page", "他の利用者のページ"],
  "why.claim": ["another user's page right after a login", "ログイン直後に他の利用者のページ"],
  "why.anonymous": ["a personal page to somebody without a login", "未ログインの人に個人のページ"],
  "why.rebinding": ["the owner changed with no login or logout seen", "ログインなしに持ち主が変化"],
  "why.two-owners": ["two owners in one page", "一つのページに二人の持ち主"],
  "why.ungranted": ["a person whom this user may not see", "閲覧が許されていない人"],
  "why.other-echo": ["the answer to another request", "別のリクエストへの応答"],
  "why.stale-echo": ["the answer to an earlier request", "以前のリクエストへの応答"],
  "why.bound-token": ["a session token that belongs to another user", "他の利用者のセッショントークン"],
  "why.known-token": ["a session token that is known already", "既知のセッショントークン"],
  "why.canary": ["a planted account's data", "おとりアカウントの情報"],
  "why.own-value": ["a form token of another session", "別セッションのフォームトークン"],
  "why.other-session": ["a page made for another session", "別セッション向けのページ"],
  "why.alias-changed": ["the login name leads to another user now", "ログイン名の指す利用者が変化"],
  "why.unmarked": ["the required marker is missing", "必須の標識がない"],
  "why.ambiguous": ["two sessions in one request", "一つのリクエストに二つのセッション"],

  // Traffic
  "routes": ["Routes", "経路"],
  "routes.why": ["Since the start of the proxy. Coverage: the share of answers with the marker that the route requires; bars are hours, the oldest left.", "プロキシ起動以降。付与率は必須標識のある応答の割合。棒は1時間ごとで、左が古い。"],
  "requests": ["Requests", "リクエスト"],
  "rate": ["per second", "毎秒"],
  "errors": ["4xx / 5xx", "4xx / 5xx"],
  "inspected": ["Inspected", "検査済み"],
  "uninspected": ["Not inspected", "未検査"],
  "coverage": ["Coverage", "付与率"],
  "history": ["History", "推移"],
  "history.label": ["{count} hours, lowest {lowest}", "{count} 時間、最低 {lowest}", "1 hour, lowest {lowest}"],
  "not-required": ["not required", "必須でない"],
  "no-answers": ["no answers yet", "応答なし"],
  "refusals": ["Refusals and other findings", "遮断とその他の検知"],
  "refusals.none": ["No detector has found anything.", "検知はありません。"],
  "detector": ["Detector", "検知器"],
  "action": ["Action", "処置"],
  "count": ["Count", "件数"],
  "endings": ["How exchanges ended", "交換の終わり方"],
  "health": ["The proxy", "プロキシ"],
  "held": ["bytes held", "保留中のバイト", "byte held"],
  "hold-p99": ["99 of 100 held for", "保留時間（99％）"],
  "clients": ["client connections", "クライアント接続", "client connection"],
  "desync": ["upstream bytes nobody asked for", "求めていない上流バイト", "upstream byte nobody asked for"],
  "ledger-commits": ["commits of the ledger", "台帳への記録", "commit of the ledger"],
  "within.s": ["≤ {count} s", "≤ {count} 秒"],
  "within.ms": ["≤ {count} ms", "≤ {count} ms"],

  // Alerts
  "receivers": ["Receivers", "送信先"],
  "receivers.none": ["No alert has been sent yet. Receivers are named in alerts.", "送信した通知はありません。送信先は alerts で設定します。"],
  "receiver": ["Receiver", "送信先"],
  "delivered": ["Delivered", "送信済み"],
  "waiting": ["Waiting", "送信待ち"],
  "undelivered": ["Undelivered", "未達"],
  "oldest": ["Oldest waiting", "最古の送信待ち"],
  "last-error": ["Last error", "直近の失敗"],
  "test": ["Send a test", "試験送信"],
  "test-all": ["Send a test to all", "全送信先へ試験送信"],
  "test.sent": ["A test is on its way; its delivery appears below.", "試験通知を送信しました。結果は下に表示されます。"],
  "drill.title": ["Drill", "訓練"],
  "drill.about": ["A made-up mix-up goes the whole way: inspection, refusal, ledger, alerts. No user is touched, the site is not asked, and it is in no figure.", "架空の取り違えを検査・遮断・台帳・通知の全経路に流します。利用者やサイトには触れず、集計にも入りません。"],
  "drill.begin": ["Begin a drill …", "訓練を始める…"],
  "drill.ask": ["Begin a drill", "訓練を始める"],
  "drill.why": ["Whoever gets the alerts is alerted. Each says that it is a drill.", "通知先には訓練と明記した通知が届きます。"],
  "drill.confirm": ["Begin the drill", "訓練を始める"],
  "drill.take-down": ["Take the feature down, too?", "機能も停止しますか"],
  "drill.take-down.no": ["No: nobody who uses the site notices", "いいえ：サイトの利用者には影響しません"],
  "drill.take-down.yes": ["Yes, for so many seconds:", "はい、次の秒数だけ："],
  "drill.seconds": ["Seconds that the feature is down", "機能を停止する秒数"],
  "drill.seconds.wrong": ["A whole number of seconds, 1 to {most}.", "1 から {most} までの整数を入力してください。"],
  "drill.warning": ["With yes the feature is really down for everybody: its pages answer 503 until the time is over. If the proxy ends meanwhile, it stays down.", "「はい」の場合、機能は全員に対して実際に停止し、時間が過ぎるまで 503 を返します。その間にプロキシが終了すると停止したままになります。"],
  "drill.begun": ["The drill has begun.", "訓練を始めました。"],
  "drill.running": ["under way", "実行中"],
  "drill.passed": ["Everything arrived.", "すべて届きました。"],
  "drill.failed": ["NOT everything arrived.", "届かなかったものがあります。"],
  "drill.last": ["The last drill", "直近の訓練"],
  "drill.none": ["None since the proxy started.", "プロキシ起動以降の訓練はありません。"],
  "drill.line": ["What arrived where, and when", "何がどこにいつ届いたか"],
  "drill.after": ["after {count} ms", "{count} ミリ秒後"],
  "drill.waiting": ["not yet", "まだ"],
  "drill.missing": ["did not arrive", "届きませんでした"],
  "drill.refused": ["refused, the client got status {status}", "遮断、クライアントへの応答は {status}"],
  "drill.recorded": ["in the ledger:", "台帳に記録："],
  "drill.alert": ["{type} at {alert}", "{alert} に {type}"],
  "drill.down": ["{name} down, for {seconds} s", "「{name}」停止（{seconds} 秒間）"],
  "drill.up": ["{name} up again", "「{name}」再開"],
  "drill.no-receiver": ["No receiver of alerts is to get incident.opened.", "incident.opened を受け取る通知先がありません。"],
  "deliveries": ["Deliveries", "送信の記録"],
  "deliveries.none": ["None of this kind.", "該当はありません。"],
  "type": ["Type", "種類"],
  "tries": ["Tries", "試行"],
  "result": ["Result", "結果"],
  "created": ["Made", "作成"],
  "next": ["Next try", "次の試行"],
  "retry": ["Try again", "再送する"],
  "retry-all": ["Try all undelivered again", "未達をすべて再送"],
  "retry.done": ["{count} will be tried again.", "{count} 件を再送します。"],
  "any": ["any", "すべて"],

  // Sessions
  "lookup": ["Look up a session", "セッションを調べる"],
  "lookup.why": ["By the fingerprint in the access log or in an incident: 32 hex digits. The token itself is kept nowhere.", "アクセスログや事案にある指紋（16進数32桁）で調べます。トークン自体はどこにも保存されません。"],
  "fingerprint": ["Fingerprint", "指紋"],
  "look-up": ["Look up", "調べる"],
  "fingerprint.wrong": ["A fingerprint has 32 hex digits.", "指紋は16進数32桁です。"],
  "session.unknown": ["No session with this fingerprint is known now.", "この指紋のセッションは現在ありません。"],
  "bound": ["Bound to a user", "利用者との結び付き"],
  "bound.none": ["no", "なし"],
  "bound.unconfirmed": ["yes, unconfirmed", "あり（未確認）"],
  "bound.confirmed": ["yes, confirmed", "あり（確認済み）"],
  "by-login": ["By a login", "ログインによる"],
  "requester": ["Requester", "利用者"],
  "generation": ["Generation", "世代"],
  "tokens": ["Valid tokens", "有効なトークン数"],
  "last-seen": ["Last seen", "最終利用"],
  "public": ["Public session", "公開セッション"],
  "quarantined": ["Has to log in again", "再ログインが必要"],
  "logins-open": ["Logins under way", "進行中のログイン"],

  // Configuration
  "in-force": ["In force", "現在の設定"],
  "hash": ["Hash", "ハッシュ"],
  "loaded": ["Loaded", "読み込み"],
  "version": ["Version", "バージョン"],
  "workers": ["Workers", "ワーカー"],
  "ledger": ["Ledger", "台帳"],
  "ledger.ok": ["writes", "書き込み可"],
  "ledger.failing": ["cannot be written", "書き込み不可"],
  "reload": ["Read the file again …", "設定を再読み込み…"],
  "reload.ask": ["Read the configuration file again", "設定ファイルを再読み込みする"],
  "reload.why": ["Errors leave the configuration in force as it is.", "誤りがあれば現在の設定のままです。"],
  "reload.confirm": ["Read the file again", "再読み込みする"],
  "reload.done": ["The new configuration is in force.", "新しい設定が有効になりました。"],
  "mode": ["Mode", "モード"],
  "glass.until": ["Break-glass until", "緊急解除の終了"],
  "glass.begin": ["Break-glass: observe only …", "緊急解除（監視のみ）…"],
  "glass.end": ["Enforce again …", "遮断に戻す…"],
  "glass.ask": ["Enforce nothing for a time", "一定時間、遮断をやめる"],
  "glass.ask.end": ["Enforce again", "遮断に戻す"],
  "glass.why": ["Responses with other people's data will be delivered. It is alerted every quarter of an hour and ends by itself.", "他人の情報を含む応答もそのまま送られます。15分ごとに通知され、自動的に終わります。"],
  "glass.why.end": ["As the configuration says.", "設定のとおりに戻します。"],
  "glass.confirm": ["Observe only", "監視のみにする"],
  "glass.confirm.end": ["Enforce again", "遮断に戻す"],
  "for": ["For how long", "期間"],
  "for.15m": ["15 minutes", "15分"],
  "for.1h": ["1 hour", "1時間"],
  "for.4h": ["4 hours", "4時間"],
  "for.24h": ["a day", "1日"],
  "changes": ["Changes of the configuration", "設定の変更"],
  "feature-changes": ["Changes of features", "機能の変更"],
  "marks": ["Changes of the site (marks)", "サイトの変更（マーク）"],
  "marks.why": ["Deployments and other changes, so that a report can name the last one before an incident.", "配備などの変更。事案の直前の変更を報告書に載せるためのものです。"],
  "mark.add": ["Add a mark …", "マークを追加…"],
  "mark.ask": ["Mark a change of the site", "サイトの変更を記録する"],
  "mark.confirm": ["Add the mark", "マークを追加する"],
  "mark.text": ["What changed", "変更の内容"],
  "mark.missing": ["What changed?", "変更の内容を入力してください。"],
  "accesses": ["Who looked at values", "値を見た人"],
  "at": ["When", "日時"],
  "who": ["Who", "誰"],
  "what": ["What", "内容"],
};

// What the proxy has written into its ledger, in Japanese; {1} is what stood there, {2} too, and both may
// be such a text again.
const TOLD = [
  [/^in force$/, "有効化"],
  [/^in force, weaker than before the start(?:; weaker: (.*))?$/, "有効化（起動前より保護が弱い）：{1}"],
  [/^in force, weaker: (.*)$/, "有効化（保護が弱まる変更）：{1}"],
  [/^in force; no memory to tell what changed$/, "有効化（メモリー不足のため変更点は不明）"],
  [/^in force; stronger: (.*)$/, "有効化（保護が強まる変更）：{1}"],
  [/^mode observe for (\d+) s: (.*)$/, "{1} 秒間の緊急解除（監視のみ）：{2}"],
  [/^mode as configured: (.*)$/, "設定どおりのモードに復帰：{1}"],
  [/^its time is over$/, "期限の終了"],
  [/^values of incident (\d+)$/, "事案 {1} の実名"],
  [/^report with names: incident (\d+)$/, "事案 {1} の実名入り報告書"],
  [/^report with names: from .*$/, "期間を指定した実名入り報告書"],
  [/^drill of feature `([^`]*)`(?:: (.*))?$/, "「{1}」の訓練：{2}"],
  [/^drill: (.*)$/, "訓練：{1}"],
  [/^drill$/, "訓練"],
  [/^sends (\d+) undelivered alerts again$/, "未達の通知 {1} 件の再送"],
  [/^(?:an alias|alias [0-9a-f]{32}) forgotten$/, "ログイン名の対応の削除"],
  [/^a finding came while it was being opened$/, "再開の操作中に検知がありました"],
  [/^was down in features\.state, but not in the ledger$/, "features.state では停止中、台帳に記録なし"],
];
const TOLD_EVENT = /^(.*：[0-9a-f]{12}：)(.*)(（[^（）]*）)$/; // Of a report: a change of the configuration.

export const LANGUAGES = ["en", "ja"];
let language = "en";

/** The person's choice, else the first language of the browser that there is. */
export function startLanguage() {
  const chosen = localStorage.getItem("countermark.language");
  const wanted = [chosen, ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2));
  useLanguage(wanted.find((tag) => LANGUAGES.includes(tag)) || "en");
}

export function useLanguage(tag) {
  language = tag;
  document.documentElement.lang = tag;
}

export function languageNow() {
  return language;
}

export function keepLanguage(tag) {
  localStorage.setItem("countermark.language", tag);
  useLanguage(tag);
}

/** The text of key in the language in force; with a `count` of 1 the singular, where English has one. */
export function say(key, values = {}) {
  const [english, japanese, one = english] = WORDS[key] || [key, key];
  const text = language === "ja" ? japanese : values.count === 1 ? one : english;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The same in pieces, with values that may be nodes. */
export function sayWith(key, values) {
  return say(key).split(/\{(\w+)\}/).map((piece, index) => (index % 2 === 1 ? values[piece] : piece));
}

/** The text of key if there is one, else otherwise. */
export function sayOr(key, otherwise) {
  return key in WORDS ? say(key) : otherwise;
}

/** A text of the proxy, translated where it is a known one. */
export function told(text) {
  if (language !== "ja" || !text) {
    return text;
  }
  const event = TOLD_EVENT.exec(text);
  if (event) {
    return `${event[1]}${told(event[2])}${event[3]}`;
  }
  for (const [pattern, japanese] of TOLD) {
    const found = pattern.exec(text);
    if (found) {
      return japanese.replace(/\{(\d)\}/g, (_, index) => told(found[index] || "")).replace(/：$/, "");
    }
  }
  return text;
}

export function number(value) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);
}

export function percent(share) {
  const digits = share < 1 && share > 0.999 ? 3 : 1;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share);
}
