using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value that is known only once the application starts.</summary>
public interface IValueProvider
{
    ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
}

/// <summary>A value with a name in a deployment manifest, for example <c>{postgres.bindings.tcp.host}</c>.</summary>
public interface IManifestExpressionProvider
{
    string ValueExpression { get; }
}

public interface IExpressionValue : IValueProvider, IManifestExpressionProvider;

/// <summary>Text with holes that are filled when the application starts.</summary>
public class ReferenceExpression : IExpressionValue
{
    private ReferenceExpression(string format, IReadOnlyList<IValueProvider> valueProviders, IReadOnlyList<string> manifestExpressions)
    {
        Format = format;
        ValueProviders = valueProviders;
        ManifestExpressions = manifestExpressions;
    }

    public string Format { get; }

    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    public IReadOnlyList<string> ManifestExpressions { get; }

    public string ValueExpression => string.Format(CultureInfo.InvariantCulture, Format, [.. ManifestExpressions]);

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) =>
        new(handler.Format.ToString(), handler.ValueProviders, handler.ManifestExpressions);

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken)
    {
        var values = new object?[ValueProviders.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = await ValueProviders[i].GetValueAsync(cancellationToken);
        }

        return string.Format(CultureInfo.InvariantCulture, Format, values);
    }

    [InterpolatedStringHandler]
    public ref struct ExpressionInterpolatedStringHandler
    {
        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
        {
            Format = new StringBuilder(literalLength + (formattedCount * 4));
            ValueProviders = new List<IValueProvider>(formattedCount);
            ManifestExpressions = new List<string>(formattedCount);
        }

        internal StringBuilder Format { get; }

        internal List<IValueProvider> ValueProviders { get; }

        internal List<string> ManifestExpressions { get; }

        public readonly void AppendLiteral(string value) =>
            Format.Append(value.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

        public readonly void AppendFormatted(string? value)
        {
            if (value is not null)
            {
                AppendLiteral(value);
            }
        }

        public void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider, IManifestExpressionProvider
        {
            Format.Append(CultureInfo.InvariantCulture, $"{{{ValueProviders.Count}}}");
            ValueProviders.Add(valueProvider);
            ManifestExpressions.Add(valueProvider.ValueExpression);
        }

        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider, IManifestExpressionProvider => AppendFormatted(valueProvider.Resource);
    }
}
