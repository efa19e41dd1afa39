namespace Integrations.Web.Overview;

/// <summary>What one bar of each column of a chart stands for.</summary>
/// <param name="Name">In the reader's language.</param>
/// <param name="Tone">Which colour: main, second or bad.</param>
public sealed record ChartSeries(string Name, string Tone);

/// <summary>One moment of a chart.</summary>
/// <param name="Label">Short, for the axis.</param>
/// <param name="Name">In full, for the table and the tooltip.</param>
/// <param name="Values">One of each series; null where there is none.</param>
public sealed record ChartColumn(string Label, string Name, IReadOnlyList<double?> Values);
