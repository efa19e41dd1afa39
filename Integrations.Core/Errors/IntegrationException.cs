namespace Integrations.Core.Errors;

/// <summary>An expected refusal, told to the caller as a problem document with one of the catalogue's codes.</summary>
/// <param name="code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="detail">What happened here, for a person; null takes the catalogue's sentence. Never a secret, never a full phone number.</param>
/// <param name="retryAfter">How long to wait before the same request may succeed.</param>
/// <param name="fieldErrors">Sentences by the name of the field as it stands in the body.</param>
public sealed class IntegrationException(
    string code,
    string? detail = null,
    TimeSpan? retryAfter = null,
    IReadOnlyDictionary<string, string[]>? fieldErrors = null,
    Exception? inner = null)
    : Exception(detail ?? ErrorCatalogue.Find(code).WhatToDo, inner)
{
    public string Code { get; } = code;

    public ErrorEntry Entry { get; } = ErrorCatalogue.Find(code);

    public TimeSpan? RetryAfter { get; } = retryAfter;

    public IReadOnlyDictionary<string, string[]>? FieldErrors { get; } = fieldErrors;
}
