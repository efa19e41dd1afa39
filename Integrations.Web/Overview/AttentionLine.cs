using Integrations.Web.Api;

namespace Integrations.Web.Overview;

/// <summary>A problem in the reader's words; public because components' parameters must be.</summary>
public sealed class AttentionLine
{
    internal AttentionLine(Attention item, string explanation, string? since) => (Item, Explanation, Since) = (item, explanation, since);

    internal Attention Item { get; }

    /// <summary>What is wrong and what to do.</summary>
    public string Explanation { get; }

    /// <summary>When it began.</summary>
    public string? Since { get; }
}
