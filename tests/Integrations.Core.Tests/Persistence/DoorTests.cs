using Integrations.Core.Tests.Audit;
using Integrations.Core.Tests.Events;
using Integrations.Core.Tests.Notices;
using Integrations.Core.Tests.Overview;
using Integrations.Core.Tests.Ownership;
using Integrations.Core.Tests.Privacy;
using Integrations.Core.Tests.Refusals;
using Integrations.Core.Tests.Secrets.Rotation;
using Integrations.Core.Tests.Telegram;
using Integrations.Core.Tests.Telegram.Media;
using Integrations.Core.Tests.Tenancy;

namespace Integrations.Core.Tests.Persistence;

/// <summary>The doors are the only ways across tenants. Whoever adds one has to say here which test shows what it must not do.</summary>
public sealed class DoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    /// <summary>A door, and the test of what it must not do.</summary>
    private static readonly SortedDictionary<string, string> Tested = new(StringComparer.Ordinal)
    {
        ["accounts_of_shards"] = nameof(MessageDoorTests.Accounts_are_listed_for_the_shards_and_the_world_that_are_asked_for_and_without_secrets),
        ["accounts_per_shard"] = nameof(What_is_counted_over_all_tenants_is_told_as_numbers_alone),
        ["add_refusal"] = nameof(RefusalTests.The_door_tells_how_many_ids_were_foreign_and_nothing_else_to_the_Api_alone),
        ["aged_audit"] = nameof(AuditTests.The_doors_tell_workers_whose_audit_waits_and_nothing_of_it),
        ["audit_backlog"] = nameof(AuditTests.The_doors_tell_workers_whose_audit_waits_and_nothing_of_it),
        ["bot_inbox_age"] = nameof(BotInboxDoorTests.The_age_of_the_inbox_is_told_as_a_number_alone),
        ["bots_of_shards"] = nameof(BotDoorTests.Bots_are_listed_for_the_shards_and_the_world_that_are_asked_for_and_without_secrets),
        ["challenge_tenant"] = nameof(PeopleDoorTests.A_challenge_tells_its_tenant_only_until_it_lapses_and_tells_nothing_else),
        ["claim_bot_media_messages"] = nameof(MediaDoorTests.What_bots_send_with_files_is_claimed_album_by_album_and_shows_no_token_of_a_deleted_one),
        ["claim_bot_messages"] = nameof(BotInboxDoorTests.Claiming_what_bots_are_to_send_leaves_what_must_wait),
        ["claim_bot_updates"] = nameof(BotInboxDoorTests.Updates_are_read_in_order_and_only_those_of_the_shard_and_the_world_that_may_be_processed_now),
        ["claim_media_addresses"] = nameof(MediaDoorTests.Addresses_are_shown_to_the_owner_of_the_shard_that_sends_and_only_what_waits_and_is_due),
        ["claim_media_messages"] = nameof(MediaDoorTests.Claiming_messages_with_files_leaves_what_must_wait),
        ["claim_messages"] = nameof(MessageDoorTests.Claiming_leaves_what_must_wait),
        ["claim_shard"] = nameof(ShardDoorTests.A_claim_raises_the_epoch_and_refuses_everybody_else),
        ["count_traffic"] = nameof(TrafficTests.Counted_hours_are_seen_by_their_tenant_alone_and_old_ones_go),
        ["data_key_holders"] = nameof(SecretRotationTests.The_door_to_the_holders_of_keys_is_the_workers_and_shows_no_key),
        ["dialogs_saying"] = nameof(SearchDoorTests.What_another_tenant_said_is_not_found_whatever_inbox_is_named),
        ["due_channel_checks"] = nameof(ChannelDoorTests.Channels_are_due_on_their_shard_in_their_world_and_while_they_are_looked_after),
        ["due_channel_looks"] = nameof(ChannelDoorTests.Questions_are_due_until_they_lapse_and_only_for_accounts_that_are_connected),
        ["due_message_changes"] = nameof(ChannelDoorTests.Of_a_messages_changes_the_oldest_is_due_once_the_message_is_there),
        ["end_flood_waits"] = nameof(NoticeTests.A_wait_that_has_passed_is_forgotten_and_its_end_told_once),
        ["fail_messages"] = nameof(MessageDoorTests.Failing_does_not_reach_an_account_of_another_shard),
        ["find_erasure"] = nameof(PrivacyTests.The_doors_tell_of_an_erasure_by_its_token_alone_and_nothing_of_whom_it_is_about),
        ["find_sign_in"] = nameof(SignInDoorTests.Only_an_active_person_with_a_password_is_found_for_a_sign_in_and_patterns_find_nobody),
        ["forget_account_events"] = nameof(NoticeTests.The_timeline_is_bounded_by_age_and_by_number),
        ["forget_bot_updates"] = nameof(BotInboxDoorTests.Processed_updates_go_after_their_time_a_limited_number_at_once_and_waiting_ones_stay),
        ["forget_channel_looks"] = nameof(ChannelDoorTests.Questions_that_have_lapsed_go),
        ["forget_idempotency_keys"] = nameof(ForgetDoorTests.Expired_idempotency_keys_go_a_limited_number_at_a_time),
        ["forget_login_inputs"] = nameof(ForgetDoorTests.Expired_login_inputs_go_and_open_ones_stay),
        ["forget_logs"] = nameof(AuditTests.Lines_of_the_log_go_after_their_time),
        ["forget_notices"] = nameof(ForgetDoorTests.Old_notices_of_what_is_over_go_and_others_stay),
        ["forget_refusals"] = nameof(ForgetDoorTests.Old_refusals_go_a_limited_number_at_a_time_and_young_ones_stay),
        ["forget_sessions"] = nameof(ForgetDoorTests.Expired_sessions_go_and_open_ones_stay),
        ["forget_unsent_media"] = nameof(MediaDoorTests.Uploads_that_nobody_sent_go_a_limited_number_at_a_time_and_what_a_message_has_stays),
        ["groups_of_shard"] = nameof(MirrorDoorTests.Groups_are_listed_for_the_shard_and_the_world_that_are_asked_for_and_only_where_something_is_mirrored),
        ["has_owner"] = nameof(OwnerLinkDoorTests.A_link_makes_one_owner_once_and_none_after_that),
        ["invitation_tenant"] = nameof(PeopleDoorTests.An_invitation_tells_its_tenant_only_while_it_waits),
        ["issue_owner_link"] = nameof(OwnerLinkDoorTests.A_newer_link_replaces_the_older_one),
        ["known_sessions"] = nameof(NoticeTests.A_session_is_known_by_its_fingerprint_alone_and_stands_once),
        ["live_telegram_user"] = nameof(MessageDoorTests.A_live_Telegram_user_is_told_only_as_yes_or_no_and_not_about_the_asking_account),
        ["message_balance"] = nameof(MessageDoorTests.The_balance_counts_what_was_accepted_against_what_is_there),
        ["open_erasures"] = nameof(PrivacyTests.The_doors_tell_of_an_erasure_by_its_token_alone_and_nothing_of_whom_it_is_about),
        ["mirror_backlog"] = nameof(MirrorDoorTests.The_backlog_is_told_as_numbers_alone),
        ["plan_mirror"] = nameof(MirrorDoorTests.What_happens_is_planned_once_and_only_for_projects_that_mirror),
        ["note_refusals"] = nameof(RefusalTests.The_door_tells_how_many_ids_were_foreign_and_nothing_else_to_the_Api_alone),
        ["queue_by_age"] = nameof(What_is_counted_over_all_tenants_is_told_as_numbers_alone),
        ["record_outcomes"] = nameof(MessageDoorTests.An_outcome_for_a_message_of_another_shard_or_a_later_epoch_is_left_alone),
        ["recover_messages"] = nameof(MessageDoorTests.Recovering_gives_back_what_an_earlier_owner_left_in_sending_and_not_ones_own),
        ["relay_backlog"] = nameof(What_is_counted_over_all_tenants_is_told_as_numbers_alone),
        ["relay_events"] = nameof(EventTests.Several_relays_at_once_place_each_event_once_and_no_reader_sees_a_hole),
        ["release_scheduled"] = nameof(ChannelDoorTests.What_is_scheduled_enters_the_queue_when_its_time_has_come_and_not_before),
        ["release_shard"] = nameof(ShardDoorTests.Only_the_holder_of_the_very_claim_releases_it),
        ["renew_shards"] = nameof(ShardDoorTests.A_renewal_prolongs_the_named_claims_of_that_worker_and_nothing_else),
        ["require_epoch"] = nameof(ShardDoorTests.An_epoch_that_never_was_is_refused),
        ["resolve_api_key"] = nameof(PeopleDoorTests.A_key_resolves_while_it_is_good_and_its_user_is_active),
        ["resolve_bot_hooks"] = nameof(BotDoorTests.A_hook_leads_to_its_bot_only_while_the_bot_is_switched_on),
        ["resolve_bot_token"] = nameof(BotDoorTests.A_hook_leads_to_its_bot_only_while_the_bot_is_switched_on),
        ["resolve_session"] = nameof(SignInDoorTests.A_session_resolves_while_it_lasts_and_its_user_is_active),
        ["return_bot_messages"] = nameof(BotInboxDoorTests.What_an_earlier_owner_was_sending_by_bots_fails_and_is_neither_recovered_nor_returned),
        ["return_messages"] = nameof(MessageDoorTests.Returning_gives_back_only_what_this_epoch_claimed_and_nobody_holds),
        ["save_channel_positions"] = nameof(MessageDoorTests.Positions_are_saved_for_accounts_of_the_shard_and_for_no_others),
        ["save_positions"] = nameof(MessageDoorTests.Positions_are_saved_for_accounts_of_the_shard_and_for_no_others),
        ["search_messages"] = nameof(SearchDoorTests.What_another_tenant_said_is_not_found_whatever_inbox_is_named),
        ["settle_bot_messages"] = nameof(BotInboxDoorTests.What_an_earlier_owner_was_sending_by_bots_fails_and_is_neither_recovered_nor_returned),
        ["signs_in"] = nameof(PeopleDoorTests.Whether_an_address_signs_in_is_told_as_yes_or_no_and_patterns_find_nobody),
        ["store_bot_updates"] = nameof(BotDoorTests.Updates_are_stored_once_in_order_under_their_bots_tenant_and_for_no_bot_that_is_gone),
        ["tenant_exists"] = nameof(SignInDoorTests.A_tenant_is_told_only_as_yes_or_no),
        ["trim_events"] = nameof(EventTests.Trimming_forgets_the_old_and_a_cursor_from_there_is_reset),
        ["unsealed_audit"] = nameof(AuditTests.The_doors_tell_workers_whose_audit_waits_and_nothing_of_it),
        ["use_owner_link"] = nameof(OwnerLinkDoorTests.Two_who_use_one_link_at_once_make_one_owner),
        ["waiting_bot_files"] = nameof(BotFileDoorTests.Files_are_listed_for_the_shard_and_the_world_in_order_and_of_no_bot_more_than_its_share),
    };

    [Fact]
    public async Task Every_door_has_a_test_of_what_it_must_not_do_and_every_such_test_has_its_door()
    {
        var doors = await CoreDatabase.RowsAsync(
            database.Admin,
            "select p.proname from pg_proc p where p.prosecdef and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) order by p.proname collate \"C\"");

        Assert.Equal(Tested.Keys, doors);
    }

    [Fact]
    public async Task Nothing_is_a_door_that_does_not_stand_among_the_doors() =>
        Assert.Equal(["doors"], await CoreDatabase.RowsAsync(
            database.Admin,
            "select distinct p.pronamespace::regnamespace::text from pg_proc p where p.prosecdef and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"));

    [Fact]
    public async Task What_is_counted_over_all_tenants_is_told_as_numbers_alone()
    {
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var tenant = await database.AddTenantAsync();
            var account = await database.AddAccountAsync(tenant, shard: 1);
            await database.AddMessageAsync(tenant, account, await database.AddDialogAsync(tenant, account), shard: 1);
            await CoreDatabase.ExecuteAsync(database.Admin, $"insert into outbox (tenant_id, user_id, account_id, type, data) values ('{tenant}', 1, '{account}', 'message.created', '{{}}')");
        }

        Assert.Equal(["1 2"], await ApiRowsAsync("select shard, accounts from doors.accounts_per_shard()"));
        Assert.Equal(["2"], await ApiRowsAsync("select below_1_s + below_10_s + below_1_min + below_10_min + older from doors.queue_by_age()"));
        Assert.Equal(["2"], await ApiRowsAsync("select waiting from doors.relay_backlog()"));
        Assert.Equal(
            ["bigint", "double precision", "integer"],
            await CoreDatabase.RowsAsync(
                database.Admin,
                """
                select distinct format_type(t, null)
                  from pg_proc p, unnest(p.proallargtypes) t
                 where p.pronamespace = 'doors'::regnamespace and p.proname in ('accounts_per_shard', 'queue_by_age', 'relay_backlog') order by 1
                """));
    }

    private Task<string[]> ApiRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Api, sql);
}
