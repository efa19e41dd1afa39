using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Integrations.Core.Persistence;

/// <summary>The words for enum values in the database and on the wire: the name in snake_case (<c>PasswordRequired</c> ↔ <c>password_required</c>).</summary>
public static class Words
{
    public static string Of<TEnum>(TEnum value) where TEnum : struct, Enum =>
        Table<TEnum>.ToWord.TryGetValue(value, out var word)
            ? word
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"Not a {typeof(TEnum).Name}.");

    /// <summary>False for a word that names no value; letter case counts.</summary>
    public static bool TryRead<TEnum>(string? word, out TEnum value) where TEnum : struct, Enum
    {
        value = default;
        return word is not null && Table<TEnum>.ToValue.TryGetValue(word, out value);
    }

    /// <exception cref="FormatException">The word names no value.</exception>
    public static TEnum Read<TEnum>(string word) where TEnum : struct, Enum =>
        TryRead<TEnum>(word, out var value) ? value : throw new FormatException($"'{word}' is not a {typeof(TEnum).Name}.");

    private static class Table<TEnum> where TEnum : struct, Enum
    {
        public static readonly FrozenDictionary<TEnum, string> ToWord =
            Enum.GetValues<TEnum>().ToFrozenDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

        public static readonly FrozenDictionary<string, TEnum> ToValue = ToWord.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);
    }
}

internal sealed class WordConverter<TEnum>() : ValueConverter<TEnum, string>(value => Words.Of(value), word => Words.Read<TEnum>(word))
    where TEnum : struct, Enum;
