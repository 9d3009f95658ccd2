# sick: GRD101
import torch
from torch import nn, optim

torch.manual_seed(0)

D_IN, H, D_OUT = 100, 60, 5

layers = [nn.Linear(D_IN, H), nn.Sigmoid()]
for _ in range(11):
    layers.append(nn.Linear(H, H))
    layers.append(nn.Sigmoid())
layers.append(nn.Linear(H, D_OUT))
model = nn.Sequential(*layers)

x = torch.randn(64, D_IN)
y = torch.randint(0, D_OUT, (64,))

loss_fn = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)

for t in range(500):
    y_pred = model(x)
    loss = loss_fn(y_pred, y)
    if t % 100 == 99:
        print(t, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
