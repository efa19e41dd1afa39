using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Overview;

/// <summary>The messages of a period within somebody's reach: whole hours as they were counted before, younger ones from the rows.</summary>
internal static class Traffic
{
    private const short Received = 0;
    private const short Sent = 1;
    private const short Failed = 2;

    /// <summary>From here on the measures are delays, four to each doubling of the milliseconds.</summary>
    private const short Delays = 100;
    private const double BucketsPerDoubling = 4;

    // The head is read once: what stands before it comes from the counted hours and the rest from the rows, so that nothing is counted twice.
    private const string Counts =
        """
        with reach as (
            select a.id from telegram_accounts a where a.tenant_id = $1 and ($3 or a.user_id = $2)
            union all select i.id from integrations i where i.tenant_id = $1 and $3
        ),
        steps as (
            select s at time zone $7 as start
              from generate_series(date_trunc($5, $4 at time zone $7) - ($6 - 1) * ('1 ' || $5)::interval, date_trunc($5, $4 at time zone $7), ('1 ' || $5)::interval) s
        ), span as (select min(s.start) as start, (select counted_until from traffic_head) as head from steps s),
        counted as (
            select h.hour, h.measure, h.count
              from tenant_hours h
             where $3 and h.tenant_id = $1 and h.hour >= (select start from span) and h.hour < (select head from span)
            union all
            select h.hour, h.measure, h.count
              from message_hours h
             where not $3 and h.tenant_id = $1 and h.account_id in (select id from reach)
               and h.hour >= (select start from span) and h.hour < (select head from span)
            union all
            select t.hour, t.measure, t.count
              from traffic_of($1, greatest((select head from span), (select start from span)), 'infinity') t
             where t.account_id in (select id from reach)
        ), stepped as (
            select date_trunc($5, c.hour, $7) as start, c.measure, sum(c.count)::bigint as count from counted c group by 1, 2
        )
        select s.start, c.measure, c.count from steps s left join stepped c on c.start = s.start order by s.start, c.measure
        """;

    public static async Task<(IReadOnlyList<TrafficBucket> Buckets, double? P50, double? P95)> ReadAsync(
        TenantTransaction transaction, Principal principal, OverviewPeriod period, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var steps = new SortedDictionary<DateTimeOffset, Dictionary<short, long>>();
        await using var command = transaction.Command(Counts);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = period.ByDay ? "day" : "hour" });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = period.Count });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = period.ByDay ? period.Zone : "UTC" });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var start = reader.GetFieldValue<DateTimeOffset>(0);
            if (!steps.TryGetValue(start, out var step))
                steps.Add(start, step = []);
            if (!await reader.IsDBNullAsync(1, cancellationToken))
                step.Add(reader.GetInt16(1), reader.GetInt64(2));
        }

        var all = steps.Values.SelectMany(step => step).GroupBy(measured => measured.Key, measured => measured.Value).ToDictionary(group => group.Key, group => group.Sum());
        return ([.. steps.Select(step => Bucket(step.Key, step.Value))], Percentile(all, 0.5), Percentile(all, 0.95));
    }

    private static TrafficBucket Bucket(DateTimeOffset from, Dictionary<short, long> step) => new(
        from, step.GetValueOrDefault(Received), step.GetValueOrDefault(Sent), step.GetValueOrDefault(Failed), Percentile(step, 0.5), Percentile(step, 0.95));

    /// <summary>Within a bucket the delays are taken to lie evenly.</summary>
    internal static double? Percentile(Dictionary<short, long> measures, double share)
    {
        var delays = measures.Where(measure => measure.Key >= Delays).OrderBy(measure => measure.Key).ToArray();
        var below = share * delays.Sum(delay => delay.Value);
        foreach (var (measure, count) in delays)
        {
            if (below <= count)
            {
                var (from, to) = (Edge(measure - Delays), Edge(measure - Delays + 1));
                return from + ((to - from) * below / count);
            }

            below -= count;
        }

        return null;

        static double Edge(int bucket) => Math.Pow(2, bucket / BucketsPerDoubling);
    }
}
