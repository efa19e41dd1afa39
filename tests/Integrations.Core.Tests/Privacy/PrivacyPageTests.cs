using System.Globalization;
using System.Text;
using Integrations.Core.Privacy;
using Integrations.Testing;

namespace Integrations.Core.Tests.Privacy;

public sealed class PrivacyPageTests
{
    [Fact]
    public Task The_page_of_the_documentation_lists_what_is_kept_today()
    {
        var page = new StringBuilder(
            """
            # Personal data

            What is kept about whom and for how long, how people agree to it, get it and have it erased, and what remains afterwards.

            ## Consent

            Nobody begins a login, by QR code, by phone or by import, before he has agreed to the text in force: 409 `CONSENT_REQUIRED` otherwise. The console shows the text and asks
            before the first code; callers read it with `GET /api/v1/privacy/consent?language=en|ru|uk` and send its version to `POST /api/v1/privacy/consent`, or with the login as `consent`.
            Kept are version, language, time and address. `DELETE` takes it back: no login begins any more, what is connected stays until it is disconnected, and what is kept until it is erased.
            `Privacy__ConsentText__en`, `…__ru` and `…__uk` with a `Privacy__ConsentVersion` put your own text in place of ours; with another version everybody is asked again. Accounts that
            were connected before this was asked stay connected.

            ## Export

            `POST /api/v1/privacy/exports/me` for oneself, `POST /api/v1/privacy/exports` for owners: a `user` by number, a `person` by dialog, Telegram id, phone or username, or the `tenant`.
            The answer is a ZIP with a JSON file for each table below, rows as they are stored, without secrets and their digests. It is read in one snapshot while it is sent, and kept nowhere.
            `manifest.json` comes last and tells rows, bytes and SHA-256 of each file; an archive without it was cut off. One export of a caller runs at a time, four in a copy of the Api
            (`Privacy__ExportsAtOnce`). Each stands in the log and in the audit. Pictures, recordings and other files lie in the folder `media`, under the ids that `media.json` has.

            ## Erasure

            `POST /api/v1/privacy/erasures` with `"confirm": "erase"`, for the tenant `"erase everything"`; for owners, since what a user wrote for his organisation is not his alone: he asks his owner. In the
            console it is behind the shield beside a user, a dialog, and in an owner's settings.

            | subject | what goes | what stays |
            | --- | --- | --- |
            | user | sign-in at once; the accounts that he connected with their sessions, dialogs and messages; his keys, notes, filters, logs and the texts of his audit entries | a number that is nobody; what he sent from colleagues' accounts and his quick replies, without him |
            | person | dialogs with him in all accounts and bots, his messages in groups, notes beside them, his names in saved searches | what others wrote about him in their own words; who writes again is met anew |
            | tenant | everybody's sign-in at once; every row; the wrapping key | the id, closed for ever, and the receipts |

            Workers do it in the background, a thousand rows to the transaction, and go on after a crash where they stood: sessions are ended and a tenant's bots' webhooks taken back at Telegram, rows taken out until a whole look finds none, a
            tenant's key destroyed. What Telegram, or Vault, does not let go within a day (`Privacy__GiveUpAfter`) the receipt tells. Who was known to a copy of the Api may still write for
            a moment, so rows of a user or a tenant are looked for again for two minutes (`Privacy__SettleFor`). `erasures_open` and `erased_rows_total` show the work.

            ### The receipt

            A JSON document: rows by table, sessions that were ended and those that were not, webhooks likewise, whether the key was destroyed, times, and a keyed digest of the subject; it names nobody. The answer to
            the request has a token, shown once, by which `POST /api/v1/privacy/receipts` reads it when nobody can sign in any more. It is signed with ECDSA over P-256; the key is drawn from the
            installation's own. Anybody verifies it with `POST /api/v1/privacy/receipts/verify`, or without us:

            ```sh
            curl -s $API/api/v1/privacy/receipts/key | jq -r .public_key > key.pem
            jq -rj .receipt answer.json > receipt.json; jq -r .signature answer.json | base64 -d > receipt.sig
            openssl dgst -sha256 -verify key.pem -signature receipt.sig receipt.json        # Verified OK
            ```

            ### What remains, and where

            - In the database's own files a deleted row lies until it is vacuumed, which PostgreSQL does by itself within minutes to hours; `vacuumdb --all` does it now. Its space is
              overwritten as it is used again, not at once.
            - Write-ahead logs hold it until they are recycled, backups until they are rotated out. A restored backup brings it back: erase again. Of a tenant, what was sealed (sessions,
              authenticators) opens in no backup any more; texts and names are not sealed.
            - Redis holds who is at which dialog for fifteen seconds, requests counted for minutes, and failed sign-ins, as digests, for fifteen minutes. RabbitMQ carries numbers only. Hosts' logs
              have phones and tokens masked and name nobody.
            - Nothing that was said, and no file, is deleted by its age: both stay until the dialog, the account, the person or the tenant is erased. What somebody deletes in Telegram is marked
              here and stays; whoever may have it taken away asks for an erasure. A file goes with the last message that had it.
            - At Telegram, and on the phones of those who talked, their conversation is theirs.

            ## What is kept

            Made from the list that export and erasure are made of; a test compares it with the database.

            | table | what | until | of a user | of a person | in exports |
            | --- | --- | --- | --- | --- | --- |

            """);
        foreach (var table in KeptData.All.OrderBy(table => table.Table, StringComparer.Ordinal))
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"| `{table.Table}` | {table.Holds} | {table.Until} | {Said(table.User)} | {Said(table.Person)} | {table.NotExported ?? "yes"} |\n");
        }

        return ExportedFile.MustBeAsync("docs/privacy.md", page.ToString());
    }

    private static string Said(IReadOnlyList<Share> shares) =>
        string.Join(", ", shares.Select(share => share.Blank is null ? "goes" : "is blanked").Distinct(StringComparer.Ordinal));
}
