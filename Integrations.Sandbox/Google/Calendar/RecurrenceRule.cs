using System.Globalization;

namespace Integrations.Sandbox.Google.Calendar;

internal enum Frequency
{
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// <summary>A rule of RFC 5545, 3.3.10: <c>FREQ=MONTHLY;BYDAY=-1FR;COUNT=6</c>. Parts of an hour and weeks of a year are not taken.</summary>
internal sealed record RecurrenceRule
{
    /// <summary>Periods in a row without a day (each 29 February has seven) after which a rule is said to have none, as 31 February.</summary>
    private const int EmptyPeriodsMax = 1000;

    private const int LastYear = 2500;

    private static readonly string[] Days = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

    public required Frequency Frequency { get; init; }

    public int Interval { get; init; } = 1;

    public int? Count { get; init; }

    /// <summary>The last day, for an <c>UNTIL</c> without a time.</summary>
    public DateOnly? UntilDay { get; init; }

    /// <summary>The last moment, for an <c>UNTIL</c> in UTC.</summary>
    public DateTimeOffset? UntilAt { get; init; }

    /// <summary>0 as ordinal is every such day; -1 the last one of the month or year.</summary>
    public IReadOnlyList<(int Ordinal, DayOfWeek Day)> ByDay { get; init; } = [];

    public IReadOnlyList<int> ByMonthDay { get; init; } = [];

    public IReadOnlyList<int> ByMonth { get; init; } = [];

    public IReadOnlyList<int> BySetPos { get; init; } = [];

    public DayOfWeek WeekStart { get; init; } = DayOfWeek.Monday;

    /// <param name="text">What stands after <c>RRULE:</c>.</param>
    public static RecurrenceRule Parse(string text)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';'))
        {
            if (part.Split('=') is not [var name, var value] || !parts.TryAdd(name, value))
                throw Refuse();
        }

        if (!parts.TryGetValue("FREQ", out var frequency) || !Enum.TryParse<Frequency>(frequency, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
            throw Refuse();

        var rule = new RecurrenceRule { Frequency = parsed };
        foreach (var (name, value) in parts)
        {
            rule = name.ToUpperInvariant() switch
            {
                "FREQ" => rule,
                "INTERVAL" => rule with { Interval = Number(value, 1, 1000) },
                "COUNT" => rule with { Count = Number(value, 1, 100_000) },
                "UNTIL" => Until(rule, value),
                "BYDAY" => rule with { ByDay = [.. value.Split(',').Select(Weekday)] },
                "BYMONTHDAY" => rule with { ByMonthDay = Numbers(value, 31) },
                "BYMONTH" => rule with { ByMonth = [.. value.Split(',').Select(month => Number(month, 1, 12))] },
                "BYSETPOS" => rule with { BySetPos = Numbers(value, 366) },
                "WKST" => rule with { WeekStart = Weekday(value).Day },
                _ => throw Refuse(),
            };
        }

        if (rule.Count is not null && (rule.UntilAt is not null || rule.UntilDay is not null))
            throw Refuse();
        return rule;
    }

    /// <summary>Wall clock times from the start on, in order, without regard to <c>COUNT</c> and <c>UNTIL</c>; the start is among them only where it fits.</summary>
    public IEnumerable<DateTime> Walk(DateTime start)
    {
        var empty = 0;
        for (var period = 0; empty < EmptyPeriodsMax; period++)
        {
            var (days, year) = Period(DateOnly.FromDateTime(start), period * Interval);
            if (year > LastYear)
                yield break;

            List<DateOnly> set = [.. days.Distinct().Order()];
            if (BySetPos.Count > 0)
            {
                set = [.. BySetPos.Select(position => position > 0 ? position - 1 : set.Count + position)
                    .Where(index => index >= 0 && index < set.Count).Distinct().Order().Select(index => set[index])];
            }

            empty = set.Count == 0 ? empty + 1 : 0;
            foreach (var day in set)
            {
                var time = day.ToDateTime(TimeOnly.FromDateTime(start));
                if (time >= start)
                    yield return time;
            }
        }
    }

    private (IEnumerable<DateOnly> Days, int Year) Period(DateOnly start, int distance)
    {
        switch (Frequency)
        {
            case Frequency.Daily:
                var day = start.AddDays(distance);
                return (Fits(day) ? [day] : [], day.Year);
            case Frequency.Weekly:
                var first = start.AddDays((7 * distance) - (((int)start.DayOfWeek - (int)WeekStart + 7) % 7));
                return (Enumerable.Range(0, 7).Select(first.AddDays).Where(day => InMonth(day) && (ByDay.Count == 0 ? day.DayOfWeek == start.DayOfWeek : OnWeekday(day))), first.Year);
            case Frequency.Monthly:
                var month = new DateOnly(start.Year, start.Month, 1).AddMonths(distance);
                return (InMonth(month) ? DaysOfMonth(month, start.Day) : [], month.Year);
            case Frequency.Yearly:
                var year = start.Year + distance;
                return (year > LastYear ? [] : DaysOfYear(year, start), year);
            default:
                throw new InvalidOperationException($"There is no frequency {Frequency}.");
        }
    }

    private IEnumerable<DateOnly> DaysOfYear(int year, DateOnly start)
    {
        if (ByMonth.Count == 0 && ByMonthDay.Count == 0 && ByDay.Count > 0)
        {
            var first = new DateOnly(year, 1, 1);
            return Pick([.. Enumerable.Range(0, DateTime.IsLeapYear(year) ? 366 : 365).Select(first.AddDays)]);
        }

        IEnumerable<int> months = ByMonth.Count > 0 ? ByMonth : ByMonthDay.Count > 0 ? Enumerable.Range(1, 12) : [start.Month];
        return months.SelectMany(month => DaysOfMonth(new DateOnly(year, month, 1), start.Day));
    }

    private IEnumerable<DateOnly> DaysOfMonth(DateOnly first, int startDay)
    {
        var length = DateTime.DaysInMonth(first.Year, first.Month);
        if (ByMonthDay.Count > 0)
        {
            return ByMonthDay.Select(day => day > 0 ? day : length + 1 + day).Where(day => day >= 1 && day <= length)
                .Select(day => first.AddDays(day - 1)).Where(day => ByDay.Count == 0 || OnWeekday(day));
        }

        return ByDay.Count > 0 ? Pick([.. Enumerable.Range(0, length).Select(first.AddDays)])
            : startDay <= length ? [first.AddDays(startDay - 1)]
            : [];
    }

    /// <summary>The weekdays of the rule among the days of a month or year, counted from either end.</summary>
    private IEnumerable<DateOnly> Pick(IReadOnlyList<DateOnly> days)
    {
        foreach (var (ordinal, weekday) in ByDay)
        {
            List<DateOnly> same = [.. days.Where(day => day.DayOfWeek == weekday)];
            if (ordinal == 0)
            {
                foreach (var day in same)
                    yield return day;
            }
            else if (Math.Abs(ordinal) <= same.Count)
            {
                yield return ordinal > 0 ? same[ordinal - 1] : same[^-ordinal];
            }
        }
    }

    private bool Fits(DateOnly day) =>
        InMonth(day) && (ByDay.Count == 0 || OnWeekday(day))
        && (ByMonthDay.Count == 0 || ByMonthDay.Contains(day.Day) || ByMonthDay.Contains(day.Day - DateTime.DaysInMonth(day.Year, day.Month) - 1));

    private bool InMonth(DateOnly day) => ByMonth.Count == 0 || ByMonth.Contains(day.Month);

    private bool OnWeekday(DateOnly day) => ByDay.Any(wanted => wanted.Day == day.DayOfWeek);

    private static RecurrenceRule Until(RecurrenceRule rule, string value) =>
        DateOnly.TryParseExact(value, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? rule with { UntilDay = day }
        : DateTimeOffset.TryParseExact(value, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? rule with { UntilAt = at }
        : throw Refuse();

    private static (int Ordinal, DayOfWeek Day) Weekday(string text)
    {
        var day = text.Length < 2 ? -1 : Array.IndexOf(Days, text[^2..].ToUpperInvariant());
        if (day < 0)
            throw Refuse();

        return (text.Length == 2 ? 0 : Signed(text[..^2], 53), (DayOfWeek)day);
    }

    private static IReadOnlyList<int> Numbers(string text, int most) => [.. text.Split(',').Select(number => Signed(number, most))];

    private static int Signed(string text, int most) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number != 0 && Math.Abs(number) <= most ? number : throw Refuse();

    private static int Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : throw Refuse();

    private static GoogleRefusal Refuse() => GoogleRefusal.Invalid("Invalid recurrence rule.");
}
