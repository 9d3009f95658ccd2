"""What a forward's parameter is likely to be, by its name and by how the source uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gradlint.feeding.companions import (
    adjacency,
    edge_lists,
    lengths,
    masks,
    observations,
    positions,
    segments,
    states,
)
from gradlint.feeding.data import (
    Question,
    by_use,
    contexts,
    entities,
    flags,
    labels,
    marks,
    pictures,
    series,
    shares,
    times,
    tokens,
)
from gradlint.feeding.recipes import Recipe


def options(question: Question) -> list[Recipe]:
    """What to try for a parameter, most likely first."""
    for words, offer in _ROLES:
        if re.fullmatch(words, question.name, re.IGNORECASE):
            return _unique(offer(question))
    return _unique(by_use(question))


def is_structure(name: str) -> bool:
    """Whether the name is of what only accompanies data: masks, states, lengths, flags."""
    return any(
        re.fullmatch(words, name, re.IGNORECASE)
        for words, offer in _ROLES
        if offer in _ACCOMPANYING
    )


def _unique(recipes: Iterator[Recipe]) -> list[Recipe]:
    return list(dict.fromkeys(recipes))


_Offer = Callable[[Question], Iterator[Recipe]]
_ROLES: tuple[tuple[str, _Offer], ...] = (
    (r"x_mark\w*|batch_\w_mark|\w+_mark_(enc|dec)", marks),
    (r"x_(enc|dec)|batch_[xy]|history_input", series),
    (r"(.*_)?masks?|masked|.*_is_pad|attn_bias", masks),
    (
        r"enc(oder)?_(out\w*|hiddens|states?|feat(ure)?s?)|memory|context|cross|quer(y|ies)|keys?|values?",
        contexts,
    ),
    (r"(\w+_)?(hidden|hiddens|hidden_state|h_state|lstm_state|state_h|states?_0)", states),
    (r"hx|cx|h0|h_0|hc|hprev|h_prev|c0|c_0|c_prev|cell(_state)?|prev_state|initial_state", states),
    (r"h|states?|obs|observations?", observations),
    (r"(\w+_)?(lengths?|lens?)|seq_lengths?|x_lens?|valid_lens?", lengths),
    (r"t|ts|timesteps?|time|time_?steps?|noise_level|sigma", times),
    (r"y|labels?|class_labels?|categor(y|ies)|classes|c|cond|condition", labels),
    (r"targets?|tgt_y|gt|labels_?\w*", labels),
    (
        (
            r"(\w+_)?(users?|items?|movies?|books?|products?|entit(y|ies)|relations?|[ui]ids?)"
            r"(_?(ids?|idx|ind(ex|ices)|inputs?))?"
        ),
        entities,
    ),
    (r"im(g|age)s?|visual(_feat(ure)?s?)?", pictures),
    (r"(\w+_)?(ids|tokens?|captions?|seqs?|sequences?|words?|text|indices|idx)", tokens),
    (r"src|tgt|trg|source|enc_inputs?|dec_inputs?|word_inputs?|input_seqs?", tokens),
    (r"(token_type|segment)(_ids)?|seg", segments),
    (r"(position|pos)(_ids|itions)?|pos_idx", positions),
    (r"adj|adj_mat|adjacency|a_hat|adj_t|adjacency_matrix|(?-i:A)", adjacency),
    (r"edge_index|edges|edge_list", edge_lists),
    (r"(is_|do_|use_|with_|return_|output_)\w+|training|train|verbose|debug", flags),
    (r"(\w+_)?teacher_forcing(_ratio)?|tf_ratio|\w+_(ratio|prob)", shares),
)
_ACCOMPANYING = (masks, states, lengths, positions, flags, shares, marks, adjacency, edge_lists)
