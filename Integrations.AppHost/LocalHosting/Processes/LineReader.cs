using System.Text;

namespace Integrations.AppHost.LocalHosting.Processes;

/// <summary>Cuts a program's output into lines of bounded length, so that one without line ends cannot fill the memory.</summary>
internal static class LineReader
{
    /// <summary>Characters of a line; a longer one goes on in the next.</summary>
    public const int MaxLength = 16 * 1024;

    public static async Task PumpAsync(TextReader reader, Action<string> line)
    {
        var buffer = new char[4096];
        var current = new StringBuilder();
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            foreach (var c in buffer.AsSpan(0, count))
            {
                if (c == '\n' || current.Length == MaxLength)
                {
                    line(current.ToString().TrimEnd('\r'));
                    current.Clear();
                }

                if (c != '\n')
                {
                    current.Append(c);
                }
            }
        }

        if (current.Length > 0)
        {
            line(current.ToString());
        }
    }
}
