/** A tokenizer without a learnt vocabulary: token n is byte n, three ChatML markers follow, then the tokens' numbers. */

/** The special tokens' ids, right after the 256 bytes. */
export const byteTokens = { endOfText: 256, imStart: 257, imEnd: 258 } as const;

const space = 0x20;
const markers = { '<|endoftext|>': 256, '<|im_start|>': 257, '<|im_end|>': 258 };

const chatTemplate =
  "{%- for message in messages -%}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}" +
  "{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";

/**
 * tokenizer.json and tokenizer_config.json; `context` is the longest prompt in tokens. The ids after the markers, up to a
 * model's `vocab`, have their number for a text (` t4711`), so that all it samples can be seen. No text becomes such a token, as
 * nothing merges bytes. The letter keeps a row of them from being the number of a card or a phone to a safety filter.
 */
export function byteTokenizerFiles(context: number, vocab = 0): Readonly<Record<string, unknown>> {
  const bytes = byteCharacters();
  const addedTokens = Object.entries(markers).map(([content, id]) => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    'tokenizer.json': {
      ...{ version: '1.0', truncation: null, padding: null, added_tokens: addedTokens, normalizer: null },
      ...{ pre_tokenizer: byteLevel, post_processor: null, decoder: byteLevel },
      model: {
        ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null },
        ...{ end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false },
        vocab: {
          ...Object.fromEntries(bytes.map((character, byte) => [character, byte])),
          ...markers,
          ...Object.fromEntries(numbers(vocab).map((id) => [`${bytes[space]}t${id}`, id])),
        },
        merges: [],
      },
    },
    'tokenizer_config.json': {
      ...{ tokenizer_class: 'PreTrainedTokenizerFast', bos_token: null, unk_token: null },
      ...{ eos_token: '<|im_end|>', pad_token: '<|endoftext|>', clean_up_tokenization_spaces: false },
      ...{ model_max_length: context, chat_template: chatTemplate },
    },
  };
}

/** The ids from the markers' end up to `vocab`. */
function numbers(vocab: number): readonly number[] {
  const first = byteTokens.imEnd + 1;
  return Array.from({ length: Math.max(0, vocab - first) }, (_, at) => first + at);
}

/** The printable character that stands for each byte in byte-level vocabularies, as GPT-2 introduced them. */
function byteCharacters(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
}
