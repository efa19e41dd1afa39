using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Tests.Session;

public sealed class PartTests
{
    [Fact]
    public void Sequence_numbers_count_content_and_carry_its_bit()
    {
        var numbers = new SequenceNumbers();

        Assert.Equal([0, 1, 2, 3, 4, 4], new[] { false, true, false, true, false, false }.Select(numbers.Next));
        numbers.Restart();
        Assert.Equal(1, numbers.Next(contentRelated: true));
    }

    [Fact]
    public void The_replay_window_drops_repeats_and_whatever_is_older_than_it_remembers()
    {
        var window = new ReplayWindow();
        for (var id = 1000L; id < 1000 + (5 * 2000); id += 5)
            Assert.True(window.TryAdd(id));

        Assert.False(window.TryAdd(10_995));
        Assert.False(window.TryAdd(1001));
        Assert.True(window.TryAdd(10_993));
        Assert.Equal([1, 4, 2, 3], new[] { 1000L, 10_995, 10_994, 20_000 }.Select(window.StatusOf));
    }

    [Fact]
    public void Messages_out_of_order_are_each_taken_once()
    {
        var window = new ReplayWindow();

        Assert.Equal([true, true, true, false, false], new[] { 30L, 10, 20, 10, 30 }.Select(window.TryAdd));
    }

    [Fact]
    public void Salts_change_at_their_time_and_the_last_one_is_kept_when_none_is_left()
    {
        var salts = new ServerSalts([new ServerSalt(2, 100, 200), new ServerSalt(1, 0, 110)]);

        Assert.Equal([1L, 2L, 2L, 2L], new[] { 50L, 105, 150, 500 }.Select(salts.At));
        Assert.True(salts.RunningOut(150));
    }

    [Fact]
    public void A_salt_that_the_server_corrects_replaces_the_present_one_and_keeps_those_to_come()
    {
        var salts = new ServerSalts([new ServerSalt(1, 0, 200), new ServerSalt(2, 190, 4000)]);
        salts.Set(9, 100);

        Assert.Equal([9L, 2L], new[] { 150L, 195 }.Select(salts.At));
    }

    [Fact]
    public void Without_any_salt_zero_asks_for_one()
    {
        var salts = new ServerSalts([]);

        Assert.Equal(0, salts.At(100));
        Assert.Empty(salts.Export());
        salts.Set(5, 100);
        Assert.Equal(5, salts.At(100));
        Assert.Equal(5, new ServerSalts(salts.Export()).At(200));
    }

    [Theory]
    [InlineData("FLOOD_WAIT_42", 420, "FLOOD_WAIT", 42, 420)]
    [InlineData("FLOOD_PREMIUM_WAIT_3", 420, "FLOOD_PREMIUM_WAIT", 3, 420)]
    [InlineData("SLOWMODE_WAIT_10", 420, "SLOWMODE_WAIT", 10, 420)]
    [InlineData("2FA_CONFIRM_WAIT_604800", 420, "2FA_CONFIRM_WAIT", 604800, 420)]
    [InlineData("FLOOD_SOMETHING_NEW", 420, "FLOOD_SOMETHING_NEW", null, 400)]
    [InlineData("PHONE_MIGRATE_4", 303, "PHONE_MIGRATE", 4, 303)]
    [InlineData("FILE_PART_3_MISSING", 400, "FILE_PART_X_MISSING", 3, 400)]
    [InlineData("SESSION_PASSWORD_NEEDED", 401, "SESSION_PASSWORD_NEEDED", null, 401)]
    [InlineData("INTERDC_2_CALL_ERROR", 500, "INTERDC_X_CALL_ERROR", 2, 500)]
    [InlineData("", 400, "", null, 400)]
    [InlineData("WAIT_99999999999999", 400, "WAIT_99999999999999", null, 400)]
    public void An_error_name_is_parsed_into_type_and_argument(string name, int code, string type, int? argument, int expectedCode)
    {
        var error = new RpcException(code, name, "some.method");

        Assert.Equal((type, argument, expectedCode), (error.Type, error.Argument, error.Code));
        Assert.Equal(name, error.Name);
    }

    [Fact]
    public void Waits_are_clamped_and_only_waits_have_one()
    {
        Assert.Equal(TimeSpan.FromSeconds(42), new RpcException(420, "FLOOD_WAIT_42", "m").RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(1), new RpcException(420, "FLOOD_WAIT_0", "m").RetryAfter);
        Assert.Equal(TimeSpan.FromDays(14), new RpcException(420, "FLOOD_WAIT_2000000000", "m").RetryAfter);
        Assert.Null(new RpcException(400, "PEER_ID_INVALID", "m").RetryAfter);
    }

    [Theory]
    [InlineData(401, "AUTH_KEY_UNREGISTERED", true)]
    [InlineData(401, "SESSION_REVOKED", true)]
    [InlineData(401, "USER_DEACTIVATED_BAN", true)]
    [InlineData(406, "AUTH_KEY_DUPLICATED", true)]
    [InlineData(401, "SESSION_PASSWORD_NEEDED", false)]
    [InlineData(400, "SESSION_REVOKED", false)]
    public void The_errors_that_end_a_session_are_told_apart(int code, string name, bool lost) =>
        Assert.Equal(lost, new RpcException(code, name, "m").IsSessionLost);

    [Fact]
    public void Migration_names_the_data_centre()
    {
        Assert.Equal(4, new RpcException(303, "USER_MIGRATE_4", "m").MigrateTo);
        Assert.Null(new RpcException(303, "FILE_MIGRATE_4", "m").MigrateTo);
    }
}
