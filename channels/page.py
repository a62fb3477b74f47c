"""The residents' status page: plain files that any web server can hand out.

Layout of one edition (each file also as `.gz` and `.br`; `edition.json` alone has no copies):

    index.html             Japanese with easy Japanese: all alerts in force, gravest and newest first
    en.html, zh.html ...   one page per further language
    index.txt, en.txt ...  the same as plain text
    alerts/14-2.html       one page per alert, by its serial, in all its languages
    404.html, robots.txt
    edition.json           what this edition is: `channels.targets.directory.Manifest`

What the page server and every other web server can rely on: `directory` is a symbolic link to the newest edition and is
switched in one step, so `directory/edition.json` changes exactly when everything else does; its `files` holds the
SHA-256 of each file. The page is mounted at `/`, the feeds (`channels.feeds`, a directory with an `edition.json` of its own) at
`/feeds/`. The one `<style>` of all pages is the same; its hash is in `edition.json` as `style` (`sha256-...`, for
`style-src '<style>'`) and in a Content-Security-Policy of the page itself, so that it holds on foreign mirrors too.

Words stand in `templates/site/`, never here.
"""
