namespace Integrations.Mtproto.Text;

/// <summary>Cuts a formatted text into what is written one after the other: beginnings, ends and plain pieces, properly nested.</summary>
internal static class MarkedText
{
    public abstract record Piece
    {
        public sealed record Plain(string Text, MarkKind? Inside) : Piece;

        public sealed record Begin(MarkKind Kind, string? Argument) : Piece;

        public sealed record End(MarkKind Kind, string? Argument) : Piece;
    }

    public static IEnumerable<Piece> Cut(FormattedText text)
    {
        var marks = text.Entities
            .Select((entity, i) => (Start: entity.Offset(), End: entity.Offset() + entity.Length(), Mark: entity.Mark(), Order: i))
            .Where(mark => mark.Mark is not null && mark.End > mark.Start && mark.Start >= 0 && mark.End <= text.Text.Length)
            // A quote is whole lines, so it goes around what is as long as it is.
            .OrderBy(mark => mark.Start).ThenByDescending(mark => mark.End).ThenBy(mark => mark.Mark!.Value.Kind is not MarkKind.Quote).ThenBy(mark => mark.Order)
            .ToList();
        var open = new Stack<(int End, MarkKind Kind, string? Argument)>();
        var at = 0;
        foreach (var (start, wantedEnd, mark, _) in marks)
        {
            foreach (var piece in Close(start))
                yield return piece;
            if (start > at)
                yield return new Piece.Plain(text.Text[at..start], open.TryPeek(out var around) ? around.Kind : null);
            at = start;
            // What would reach out of the mark around it ends with that one: no markup can write it otherwise.
            var end = open.TryPeek(out var outer) ? Math.Min(wantedEnd, outer.End) : wantedEnd;
            if (open.Any(other => other.Kind == mark!.Value.Kind || other.Kind is MarkKind.Code or MarkKind.Pre))
                continue;
            yield return new Piece.Begin(mark!.Value.Kind, mark.Value.Argument);
            open.Push((end, mark.Value.Kind, mark.Value.Argument));
        }

        foreach (var piece in Close(text.Text.Length))
            yield return piece;
        if (at < text.Text.Length)
            yield return new Piece.Plain(text.Text[at..], null);

        IEnumerable<Piece> Close(int upTo)
        {
            while (open.TryPeek(out var last) && last.End <= upTo)
            {
                if (last.End > at)
                    yield return new Piece.Plain(text.Text[at..last.End], last.Kind);
                at = last.End;
                open.Pop();
                yield return new Piece.End(last.Kind, last.Argument);
            }
        }
    }
}
