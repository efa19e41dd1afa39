using Integrations.Core.Errors;

namespace Integrations.Api.Http;

/// <summary>Collects everything that is wrong with a request, so that the caller learns it at once and not one by one.</summary>
internal sealed class FieldErrors
{
    private readonly SortedDictionary<string, List<string>> _errors = new(StringComparer.Ordinal);
    private bool _onlyUnknown = true;

    public bool Any => _errors.Count > 0;

    public void Add(string field, string sentence)
    {
        _onlyUnknown = false;
        Sentences(field).Add(sentence);
    }

    public void AddUnknown(string field, IEnumerable<string> known) =>
        Sentences(field).Add($"Unknown. Known here: {string.Join(", ", known)}.");

    /// <exception cref="IntegrationException">UNKNOWN_FIELD when unknown names are all there is, else VALIDATION_FAILED.</exception>
    public void ThrowIfAny()
    {
        if (!Any)
            return;

        throw new IntegrationException(
            _onlyUnknown ? ErrorCodes.UnknownField : ErrorCodes.ValidationFailed,
            fieldErrors: _errors.ToDictionary(error => error.Key, error => error.Value.ToArray(), StringComparer.Ordinal));
    }

    public static IntegrationException One(string field, string sentence)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [sentence] };
        return new(ErrorCodes.ValidationFailed, fieldErrors: errors);
    }

    private List<string> Sentences(string field)
    {
        if (!_errors.TryGetValue(field, out var sentences))
            _errors.Add(field, sentences = []);
        return sentences;
    }
}
