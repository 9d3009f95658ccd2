"""Small models as people write them, for the tests that feed them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LeNet(nn.Module):
    def __init__(self, channels: int = 1, side: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.features = 16 * side * side
        self.fc = nn.Linear(self.features, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.view(-1, self.features))


class FlatMLP(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.fc = nn.Linear(features, 10)

    def forward(self, x):
        return self.fc(x.view(-1, self.features))


class TokenLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 8)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.fc = nn.Linear(16, 2)

    def forward(self, x):
        _, (hidden, _) = self.lstm(self.embedding(x))
        return self.fc(hidden[-1])


class SequenceLSTM(nn.Module):
    def __init__(self, batch_first: bool = True) -> None:
        super().__init__()
        self.batch_first = batch_first
        self.lstm = nn.LSTM(5, 16, batch_first=batch_first)

    def forward(self, x):
        state = torch.zeros(1, x.size(0 if self.batch_first else 1), 16, device=x.device)
        out, _ = self.lstm(x, (state, state))
        return out[:, -1] if self.batch_first else out[-1]


class FixedBatchLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 16, batch_first=True)
        self.state = torch.zeros(1, 20, 16)

    def forward(self, x):
        out, _ = self.lstm(x, (self.state, self.state))
        return out[:, -1]


class CellLoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(7, 8)

    def forward(self, x):
        hidden = torch.zeros(x.size(0), 8)
        for step in range(x.size(1)):
            hidden = self.cell(x[:, step], hidden)
        return hidden


class LanguageModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block_size = 12
        self.tokens = nn.Embedding(50, 16)
        self.positions = nn.Embedding(12, 16)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 50)

    def forward(self, idx, targets=None):
        _, length = idx.shape
        assert length <= self.block_size, "too long"
        x = self.tokens(idx) + self.positions(torch.arange(length, device=idx.device))
        logits = self.head(self.block(x))
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(-1, 50), targets.view(-1))


class LearnedPositions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 16)
        self.positions = nn.Parameter(torch.zeros(1, 65, 16))
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        return self.fc((self.embedding(x) + self.positions).mean(1))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(24)
        self.qk = nn.Linear(24, 24)

    def forward(self, x):
        batch, length, width = x.shape
        q = self.qk(self.norm(x)).view(batch, length, 4, 6).transpose(1, 2)
        mixed = (q @ q.transpose(-2, -1)).softmax(-1) @ q
        return x + mixed.transpose(1, 2).reshape(batch, length, width)


class PermutedConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(7, 8, 3, padding=1)

    def forward(self, x):
        return self.conv(x.permute(0, 2, 1)).mean(-1)


class ViT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.positions = nn.Parameter(torch.zeros(1, 50, 16))
        self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.size(0), -1, -1), x], dim=1) + self.positions
        return self.block(x)[:, 0]


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(784, 20)
        self.decoder = nn.Linear(10, 784)

    def forward(self, x):
        mean, log_variance = self.encoder(x.view(-1, 784)).chunk(2, dim=1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return torch.sigmoid(self.decoder(z)), mean, log_variance


class Untraceable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        if x.dim() == 1:
            x = x.unsqueeze(0)
        if float(x.abs().max()) > 1e6:
            raise ValueError("too large")
        return {"logits": self.fc(torch.from_numpy(x.numpy()))}


class Derivative(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x):
        value = self.net(x)
        return torch.autograd.grad(value.sum(), x, create_graph=True)[0]


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(100, 3, 4)

    def forward(self, z):
        return self.up(z.view(z.size(0), 100, 1, 1))


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.labels = nn.Embedding(10, 10)
        self.fc = nn.Linear(110, 64)

    def forward(self, noise, labels):
        return self.fc(torch.cat((self.labels(labels), noise), -1))


class Joined(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 1)

    def forward(self, x, t):
        return self.fc(torch.cat([x, t], dim=1))


class WithState(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 8)

    def forward(self, x, hidden):
        return self.lstm(x, hidden)


class WithMessage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x, message):
        return self.fc(x) if message.startswith("a") else x


class ParameterProduct(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(9, 4))

    def forward(self, x):
        return x @ self.weight


class FixedTokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 16)
        self.fc = nn.Linear(80, 3)

    def forward(self, x):
        return self.fc(self.embedding(x).flatten(1))


@dataclass
class Answer:
    logits: Tensor
    extra: object = None


class Stateful(nn.Module):
    """Keeps attributes, buffers and a counter from every run."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 4)
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("average", torch.zeros(4))
        self.last = None

    def forward(self, x):
        out = self.norm(self.fc(x))
        self.average = 0.9 * self.average + out.detach().mean(0)
        self.last = out
        return Answer(F.dropout(out, 0.5))


class Coupling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(4, 8)

    def forward(self, x):
        left, right = x.chunk(2, dim=1)
        scale, shift = self.net(left).chunk(2, dim=1)
        return torch.cat([left, right * scale.tanh().exp() + shift], dim=1)


class TimeFirstTokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(40, 16)
        self.lstm = nn.LSTM(16, 8)
        self.fc = nn.Linear(8, 40)

    def forward(self, x):
        out, _ = self.lstm(F.dropout(self.embedding(x)))
        return self.fc(out).view(-1, 40)


class TimeTurned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 16)
        self.gru = nn.GRU(16, 8)

    def forward(self, x):
        return self.gru(self.fc(x).transpose(0, 1))[1][-1]


class SplitSteps(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(1, 9)

    def forward(self, x):
        state = (torch.zeros(x.size(0), 9), torch.zeros(x.size(0), 9))
        for step in x.split(1, dim=1):
            state = self.cell(step, state)
        return state[0]


class DeepUNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(4 if i else 1, 4, 4, 2, 1), nn.InstanceNorm2d(4))
            for i in range(6)
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(4, 4, 4, 2, 1) for _ in range(5))

    def forward(self, x):
        seen = []
        for layer in self.down:
            x = layer(x)
            seen.append(x)
        for layer, skip in zip(self.up, reversed(seen[:-1]), strict=True):
            x = torch.cat([layer(x), skip], dim=1)[:, :4]
        return x


class Rectangles(nn.Module):
    """The tutorials' network that plays from pictures of 40 x 80."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 5, 2), nn.Conv2d(8, 8, 5, 2), nn.Conv2d(8, 8, 5, 2)
        )
        self.head = nn.Linear(8 * 2 * 7, 2)

    def forward(self, x):
        x = self.body(x)
        return self.head(x.view(x.size(0), -1))


class InPlace(nn.Module):
    """It adds a dimension to its input in place."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, x):
        x.unsqueeze_(-1)
        return self.layer(torch.cat([x, x**2, x**3], dim=1))


class HandMadeRNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden_size = 12
        self.step = nn.Linear(7 + 12, 12)
        self.head = nn.Linear(12, 3)

    def forward(self, input, hidden):
        hidden = self.step(torch.cat((input, hidden), 1)).tanh()
        return self.head(hidden), hidden


class CellWithState(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(5, 8)

    def forward(self, x, hx):
        h, c = hx
        h, c = self.cell(x, (h, c))
        return h, (h, c)


class Packed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 6)
        self.rnn = nn.LSTM(6, 8, batch_first=True)
        self.fc = nn.Linear(8, 1)

    def forward(self, text, lengths):
        x = self.embedding(text)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu().numpy(), batch_first=True)
        return self.fc(self.rnn(packed)[1][0][-1])


class Translator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(40, 8), nn.Embedding(20, 8)
        self.body = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        self.head = nn.Linear(8, 20)

    def forward(self, src, trg, src_mask, tgt_mask):
        x = self.body(self.source(src), self.target(trg), src_mask, tgt_mask)
        return self.head(x)


class OwnAttention(nn.Module):
    """A mask that is required and says what to keep."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(12, 36)

    def forward(self, x, mask):
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = (q @ k.transpose(1, 2)).masked_fill(mask.unsqueeze(1) == 0, -1e9)
        return scores.softmax(-1) @ v


class Diffusion(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, padding=1)
        self.time = nn.Linear(16, 8)
        self.label = nn.Embedding(11, 8)
        self.out = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x, t, y):
        angles = t[:, None].float() * torch.arange(1, 9)[None]
        code = self.time(torch.cat([angles.cos(), angles.sin()], -1)) + self.label(y)
        return self.out(self.conv(x) + code[:, :, None, None])


class Graph(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(9, 8), nn.Linear(8, 3)

    def forward(self, x, adj):
        return adj @ self.last((adj @ self.first(x)).relu())


class Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(5, 1)

    def forward(self, state, action):
        return self.fc(torch.cat([state, action], 1))


class Chosen(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({"wide": nn.Linear(6, 9), "narrow": nn.Linear(6, 2)})

    def forward(self, x, which, training):
        x = self.layers[which](x)
        return x * 2 if training else x


class Mapping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.picture = nn.Embedding(50, 8), nn.Conv2d(3, 8, 3)

    def forward(self, batch):
        words = self.words(batch["input_ids"]).mean(1)
        return words + self.picture(batch["image"]).mean((2, 3))


class Unpacking(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(4, 8), nn.Linear(6, 8)

    def forward(self, batch):
        left, right = batch
        return self.left(left) + self.right(right)


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 8)

    def forward(self, xs):
        total = 0
        for x in xs:
            total = total + self.fc(x)
        return total


class NeedsOptional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.labels = nn.Embedding(30, 8), nn.Embedding(5, 8)

    def forward(self, idx, y=None):
        return self.tokens(idx).mean(1) + self.labels(y)


class KeywordOnly(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, *, x, scale=1.0):
        return self.fc(x) * scale


class Forecast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seq_len, self.label_len, self.pred_len = 24, 12, 6
        self.value, self.mark = nn.Linear(7, 8), nn.Linear(4, 8)
        self.head = nn.Linear(8, 7)

    def forward(self, x_enc, x_mark_enc, x_dec, x_mark_dec, mask=None):
        memory = (self.value(x_enc) + self.mark(x_mark_enc)).mean(1, keepdim=True)
        x = self.value(x_dec) + self.mark(x_mark_dec) + memory
        return self.head(x)[:, -self.pred_len :, :]


class Rows(nn.Module):
    """An image is read row by row."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(28, 16, batch_first=True)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        out, _ = self.rnn(x.reshape(-1, 28, 28))
        return self.head(out[:, -1])


class Context(nn.Module):
    """The words before the next one, a single sample: all are joined, or summed up."""

    def __init__(self, words, summed=False):
        super().__init__()
        self.embedding = nn.Embedding(40, 10)
        self.summed = summed
        self.inner = nn.Linear(10 if summed else words * 10, 16)
        self.head = nn.Linear(16, 40)

    def forward(self, x):
        found = self.embedding(x)
        row = (sum(found) if self.summed else found).view((1, -1))
        return self.head(torch.relu(self.inner(row)))


class Powers(nn.Module):
    """Numbers, and what is made of each; the input itself is changed."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, x):
        x.unsqueeze_(-1)
        return self.layer(torch.cat([x, x**2, x**3], dim=1))
